// Times as the viewer's own country writes them, in the viewer's zone.

const language = document.documentElement.lang;
const locale = navigator.languages.find((each) => each.startsWith(language)) ?? language;
const ago = new Intl.RelativeTimeFormat(locale, { numeric: "always", style: "short" });
const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

export const shows = {
  moment: new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }),
  time: new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  hour: new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" }),
  day: new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" }),
};
export const percent = new Intl.NumberFormat(locale, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });

const sizes = units.map(([, size]) => size);

// As the server writes it: two units, such as 8 h 3 min.
function waited(since, names) {
  let rest = Math.floor(Math.max(0, Date.now() - since) / 1000);
  const largest = Math.max(0, sizes.findIndex((each) => rest >= each));
  const parts = sizes.map((size, index) => {
    const number = Math.floor(rest / size);
    rest %= size;
    return number && `${number} ${names[index]}`;
  });
  return parts.slice(largest, largest + 2).filter(Boolean).join(" ") || `0 ${names.at(-1)}`;
}

function age(moment) {
  const seconds = Math.max(0, (Date.now() - moment) / 1000);
  const [unit, size] = units.find(([, each]) => seconds >= each) ?? units.at(-1);
  return ago.format(-Math.floor(seconds / size), unit);
}

export function showTimes(within) {
  for (const each of within.querySelectorAll("time[data-show]")) {
    const moment = new Date(each.dateTime);
    const { show, units: names } = each.dataset;
    const told = { age: () => age(moment), waited: () => waited(moment, names.split(",")) };
    const text = (told[show] ?? (() => shows[show].format(moment)))();
    // Text that does not change is left alone: somebody may have selected it.
    if (each.textContent === text) continue;
    each.textContent = text;
    each.title = moment.toISOString();
  }
}

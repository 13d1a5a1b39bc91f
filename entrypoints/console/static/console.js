// What the pages cannot say in HTML: times in the viewer's zone, percentages before saving, charts,
// and the stream that tells them to read again.
"use strict";

const language = document.documentElement.lang;
// The page's language as the viewer's own country writes dates in it.
const locale = navigator.languages.find((each) => each.startsWith(language)) ?? language;
const shows = {
  moment: new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }),
  time: new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  hour: new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" }),
  day: new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" }),
};
const percent = new Intl.NumberFormat(locale, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const sizes = [86400, 3600, 60, 1];

// As the server writes it: two units, such as 8 h 3 min.
function waited(since, units) {
  let rest = Math.floor(Math.max(0, Date.now() - since) / 1000);
  const largest = Math.max(0, sizes.findIndex((each) => rest >= each));
  const parts = sizes.map((size, index) => {
    const number = Math.floor(rest / size);
    rest %= size;
    return number && `${number} ${units[index]}`;
  });
  return parts.slice(largest, largest + 2).filter(Boolean).join(" ") || `0 ${units.at(-1)}`;
}

function showTimes(within) {
  for (const each of within.querySelectorAll("time[data-show]")) {
    const moment = new Date(each.dateTime);
    const { show, units } = each.dataset;
    each.textContent = show === "waited" ? waited(moment, units.split(",")) : shows[show].format(moment);
    each.title = moment.toISOString();
  }
}

function showShares(form) {
  const fields = [...form.querySelectorAll("input[type=number]")];
  const total = fields.reduce((sum, each) => sum + Number(each.value), 0);
  for (const each of fields) {
    const output = each.closest("tr").querySelector("output");
    output.textContent = each.value === "" ? "–" : percent.format(total ? Number(each.value) / total : 0);
  }
}

const colours = ["#0b8a7d", "#d1495b", "#3a6ea5", "#b07d12", "#7a4ea3", "#4f8a10", "#c2561a", "#5b6770"];

// A canvas knows no variables: an element is asked what they come to.
function colour(name) {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.className = name;
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function axis(more) {
  const line = { stroke: colour("chart-line"), width: 1 };
  return { stroke: colour("chart-text"), grid: line, ticks: line, ...more };
}

const draws = {
  bars(data, chart) {
    const bars = uPlot.paths.bars({ size: [0.8, 40] });
    // The chart's own words for times are American.
    const short = data.x.at(-1) - data.x[0] <= 86400 ? shows.hour : shows.day;
    const half = data.x.length > 1 ? (data.x[1] - data.x[0]) / 2 : 1800;
    return [
      {
        scales: { x: { range: (_, first, last) => [first - half, last + half] }, y: { range: (_, __, most) => [0, Math.max(1, most)] } },
        axes: [axis({ values: (_, ticks) => ticks.map((each) => short.format(each * 1000)) }), axis({ size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000] })],
        series: [
          { value: (_, seconds) => (seconds == null ? "–" : shows.moment.format(seconds * 1000)) },
          { label: chart.dataset.label, stroke: colours[0], fill: colours[0], paths: bars, points: { show: false } },
        ],
      },
      [data.x, data.contacts],
    ];
  },
  shares(data, chart) {
    const show = (_, share) => (share == null ? "–" : percent.format(share));
    const series = [{ label: chart.dataset.label }];
    const columns = [data.x];
    const bands = [];
    data.operators.forEach((each, index) => {
      const stroke = colours[index % colours.length];
      series.push({ label: each.name, stroke, width: 2, value: show, points: { show: false } });
      columns.push(each.shares);
      series.push({ stroke, width: 1, dash: [6, 4], value: show, points: { show: false }, class: "unlisted" });
      columns.push(data.x.map(() => each.target));
      if (data.band !== null) {
        const edge = { width: 0, points: { show: false }, class: "unlisted" };
        series.push(edge, edge);
        columns.push(data.x.map((n) => Math.min(1, each.target + data.band / n)));
        columns.push(data.x.map((n) => Math.max(0, each.target - data.band / n)));
        bands.push({ series: [series.length - 2, series.length - 1], fill: stroke + "18" });
      }
    });
    return [
      {
        scales: { x: { time: false }, y: { range: [0, Math.min(1, 1.6 * Math.max(0.05, ...data.operators.map((each) => each.target)))] } },
        axes: [axis({ incrs: [1, 2, 5, 10, 20, 50, 100] }), axis({ size: 66, values: (_, ticks) => ticks.map((each) => percent.format(each)) })],
        series,
        bands,
      },
      columns,
    ];
  },
};

async function draw(chart) {
  if (chart.busy) return;
  chart.busy = true;
  try {
    const answer = await fetch(chart.dataset.from);
    if (!answer.ok) return;
    const data = await answer.json();
    if (data.x.length === 0) {
      chart.textContent = chart.dataset.empty ?? "";
      return;
    }
    const [options, columns] = draws[chart.dataset.chart](data, chart);
    chart.plot?.destroy();
    chart.textContent = "";
    chart.plot = new uPlot({ width: chart.clientWidth, height: 260, ...options }, columns, chart);
  } finally {
    chart.busy = false;
  }
}

const charts = () => document.querySelectorAll("[data-chart]");

function listen() {
  const live = document.querySelector("[data-live]");
  const events = new EventSource(document.body.dataset.events);
  let drawn = 0;
  events.addEventListener("open", () => { live.hidden = false; });
  events.addEventListener("error", () => {
    live.hidden = true;
    if (events.readyState !== EventSource.CLOSED) return;
    // Refused, not only cut off: a page whose session has ended is led to where one begins.
    htmx.trigger(document.body, "changed");
    setTimeout(listen, 5000);
  });
  events.addEventListener("changed", () => {
    htmx.trigger(document.body, "changed");
    // Charts show hundreds of contacts; one more can wait for a moment.
    if (Date.now() - drawn > 2000) {
      drawn = Date.now();
      charts().forEach(draw);
    }
  });
  addEventListener("pagehide", () => events.close(), { once: true });
}

document.querySelector("[data-zone]").textContent = Intl.DateTimeFormat().resolvedOptions().timeZone;
showTimes(document);
for (const form of document.querySelectorAll("[data-weights]")) {
  form.addEventListener("input", () => showShares(form));
}
document.body.addEventListener("htmx:afterSwap", () => showTimes(document));
setInterval(() => showTimes(document), 5000);
addEventListener("resize", () => charts().forEach((each) => each.plot?.setSize({ width: each.clientWidth, height: 260 })));
charts().forEach(draw);
if (document.body.dataset.events) listen();

// What pages cannot do in HTML alone: percentages before saving, charts, and staying current.

import { drawCharts, fitCharts } from "./charts.js";
import { main } from "./keeping.js";
import { follow } from "./following.js";
import "./keys.js";
import { prepareMatrix } from "./matrix.js";
import { countTicked } from "./several.js";
import { percent, showTimes } from "./times.js";

function showShares(form) {
  const fields = [...form.querySelectorAll("input[type=number]")];
  const total = fields.reduce((sum, each) => sum + Number(each.value), 0);
  for (const each of fields) {
    const output = each.closest("tr").querySelector("output");
    output.textContent = each.value === "" ? "–" : percent.format(total ? Number(each.value) / total : 0);
  }
}

// Takes over a single one of the weights that a colleague has changed meanwhile.
function take(button) {
  const field = document.getElementById(button.dataset.into);
  field.value = button.dataset.take;
  showShares(field.form);
  field.focus();
}

async function copy(button) {
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
  button.textContent = button.dataset.copied;
}

// The tab's icon says that contacts wait; only the overview knows.
function showWaiting() {
  const told = document.querySelector("[data-waiting]");
  if (!told) return;
  const icon = document.querySelector("link[rel=icon]");
  const wanted = told.dataset.waiting === "0" ? icon.dataset.usual : icon.dataset.waits;
  if (icon.getAttribute("href") !== wanted) icon.setAttribute("href", wanted);
}

function prepare() {
  showTimes(document);
  document.querySelectorAll("form[data-weights][data-typed]").forEach(showShares);
  prepareMatrix();
  countTicked();
  showWaiting();
  for (const each of document.querySelectorAll("[data-take]")) each.hidden = false;
  // Without https there is no clipboard.
  for (const each of document.querySelectorAll("[data-copy]")) each.hidden = !navigator.clipboard;
}

document.querySelector("[data-zone]").textContent = Intl.DateTimeFormat().resolvedOptions().timeZone;
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-weights]");
  if (form) showShares(form);
});
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-take], [data-copy], [data-dismiss]");
  if (!button) return;
  event.preventDefault();
  if (button.matches("[data-take]")) take(button);
  else if (button.matches("[data-copy]")) copy(button);
  else {
    document.getElementById("said").replaceChildren();
    main().focus({ preventScroll: true });
  }
});
setInterval(() => showTimes(document), 5000);
addEventListener("resize", fitCharts);
prepare();
drawCharts();
if (document.body.dataset.events) follow(document.body.dataset.events, prepare, drawCharts);

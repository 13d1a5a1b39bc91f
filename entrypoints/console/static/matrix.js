// The table of all weights: shares as they would be, cells pasted from a spreadsheet, whole rows and columns.

import { percent } from "./times.js";

const WEIGHT = /^[0-9]{1,9}$/;
const DEGREES = 5;

const fieldsOf = (form) => form.querySelectorAll("input[name*='.']");
const fieldAt = (form, row, column) => form.elements.namedItem(`${row}.${column}`);
const placeOf = (field) => field.name.split(".").map(Number);
// A refused form comes back with what was typed as its fields' values.
const beforeOf = (field) => field.dataset.before ?? field.defaultValue;
const isChanged = (field) => field.value.trim() !== beforeOf(field);
const weightOf = (field) => (WEIGHT.test(field.value.trim()) ? Number(field.value) : 0);

// Shows what the weights in the form would give, column by column.
function show(form, columns) {
  const table = form.querySelector("table");
  const sums = table.tFoot.rows[0].querySelectorAll("[data-elsewhere]");
  for (const column of columns ?? sums.keys()) {
    const fields = [];
    for (let row = 0, field; (field = fieldAt(form, row, column)); row += 1) fields.push(field);
    const total = fields.reduce((sum, each) => sum + weightOf(each), Number(sums[column].dataset.elsewhere));
    sums[column].textContent = total.toLocaleString(document.documentElement.lang);
    for (const field of fields) {
      const cell = field.parentElement;
      const text = field.value.trim();
      const share = total ? weightOf(field) / total : 0;
      cell.querySelector("output").textContent = WEIGHT.test(text) ? percent.format(share) : "";
      cell.classList.toggle("changed", isChanged(field));
      for (let each = 1; each <= DEGREES; each += 1) cell.classList.toggle(`s${each}`, Math.ceil(share * DEGREES) === each);
    }
  }
  const count = [...fieldsOf(form)].filter(isChanged).length;
  const told = form.querySelector("[data-changed]");
  if (!told) return;
  told.textContent = count ? `${told.dataset.words} ${count}` : "";
  form.querySelector("[data-reset]").hidden = !count;
}

// Puts a table of texts into the form, its first cell at a field.
function put(form, texts, [top, left]) {
  const columns = new Set();
  texts.forEach((line, down) => line.forEach((text, right) => {
    const field = fieldAt(form, top + down, left + right);
    if (!field || field.readOnly) return;
    field.value = text.trim();
    columns.add(left + right);
  }));
  show(form, columns);
}

// Sets a whole row or column; a dash empties it.
function fill(form, { row, column }, value) {
  const text = /^[-\u2013\u2014]$/.test(value) ? "" : value;
  const size = [form.querySelector("tbody").rows.length, form.querySelectorAll("[data-elsewhere]").length];
  if (row !== undefined) put(form, [Array(size[1]).fill(text)], [Number(row), 0]);
  else put(form, Array(size[0]).fill([text]), [0, Number(column)]);
}

const formOf = (field) => field.closest?.("form[data-matrix]");

function onInput({ target }) {
  const form = formOf(target);
  if (form && target.name.includes(".")) show(form, [placeOf(target)[1]]);
}

function onChange({ target }) {
  const form = formOf(target);
  if (!form || !target.matches("[data-row], [data-column]") || !target.value.trim()) return;
  fill(form, target.dataset, target.value.trim());
  target.value = "";
}

function onPaste(event) {
  const form = formOf(event.target);
  if (!form || !event.target.name.includes(".")) return;
  const text = event.clipboardData.getData("text").replace(/\r\n?/g, "\n").replace(/\n$/, "");
  if (!/[\t\n]/.test(text)) return;
  event.preventDefault();
  put(form, text.split("\n").map((line) => line.split("\t")), placeOf(event.target));
}

const STEPS = { ArrowUp: -1, ArrowDown: 1, Enter: 1 };

function onKey(event) {
  const form = formOf(event.target);
  const step = STEPS[event.key];
  if (!form || !step || event.ctrlKey || event.metaKey || event.altKey || event.target.localName !== "input") return;
  event.preventDefault();
  // Enter in the field of a whole row or column is a change of it.
  if (!event.target.name.includes(".")) { event.target.blur(); return; }
  const [row, column] = placeOf(event.target);
  const next = fieldAt(form, row + step, column);
  next?.focus();
  next?.select();
}

// Shows again what is typed, whenever the page has been put in place; the rest is as the server wrote it.
export function prepareMatrix() {
  const form = document.querySelector("form[data-matrix]");
  if (form && [...fieldsOf(form)].some(isChanged)) show(form);
}

// A page left by mistake would take an hour's typing along.
addEventListener("beforeunload", (event) => {
  const form = document.querySelector("form[data-matrix]");
  if (form && [...fieldsOf(form)].some(isChanged)) event.preventDefault();
});
document.addEventListener("input", onInput);
document.addEventListener("change", onChange);
document.addEventListener("paste", onPaste);
document.addEventListener("keydown", onKey);
document.addEventListener("reset", (event) => {
  const form = formOf(event.target);
  if (!form) return;
  event.preventDefault();
  for (const each of fieldsOf(form)) each.value = beforeOf(each);
  show(form);
});

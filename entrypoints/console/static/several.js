// Rows that are ticked to do something to them together.

const formOf = (field) => field.closest?.("form[data-several]");
const boxesOf = (form) => [...form.querySelectorAll("tbody input[type=checkbox]")];

function count(form) {
  const boxes = boxesOf(form);
  const ticked = boxes.filter((each) => each.checked).length;
  const told = form.querySelector("[data-ticked]");
  if (told) told.textContent = ticked ? `${told.dataset.words} ${ticked}` : "";
  const all = form.querySelector("[data-all]");
  if (!all) return;
  all.checked = ticked > 0 && ticked === boxes.length;
  all.indeterminate = ticked > 0 && ticked < boxes.length;
}

export function countTicked() {
  document.querySelectorAll("form[data-several]").forEach(count);
}

document.addEventListener("change", ({ target }) => {
  const form = formOf(target);
  if (!form) return;
  if (target.matches("[data-all]")) for (const each of boxesOf(form)) each.checked = target.checked;
  count(form);
});

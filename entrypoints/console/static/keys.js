// Keyboard shortcuts: g and a letter go to a page, / to the search box, ? shows them all.

const FIELDS = "input, textarea, select, [contenteditable]";
// Milliseconds in which the letter must follow.
const WITHIN = 1500;

const list = () => document.getElementById("shortcuts");
// Where keys have other letters, the place of the key counts.
const letterOf = ({ key, code }) => (/^[a-z]$/i.test(key) ? key : code.replace("Key", "")).toLowerCase();
let asked = -Infinity;

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || list().open || event.target.closest?.(FIELDS)) return;
  const follows = event.timeStamp - asked < WITHIN;
  asked = -Infinity;
  const letter = letterOf(event);
  const page = follows && [...document.querySelectorAll("nav [data-key]")].find((each) => each.dataset.key === letter);
  if (page) page.click();
  else if (event.key === "?") list().showModal();
  else if (event.key === "/") document.querySelector(".search input")?.focus();
  else {
    if (letter === "g") asked = event.timeStamp;
    return;
  }
  event.preventDefault();
});

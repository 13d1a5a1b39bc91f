// What a page that replaces an older one leaves alone: anything that somebody has typed or chosen, looks at,
// or is about to press.

import { showTimes } from "./times.js";

const FIELDS = "input, select, textarea";
const ACTS = "a, button, input, select, summary";
// Milliseconds within which nobody can have seen that something else is under the pointer now.
const SIGHT = 400;

export const main = () => document.getElementById("main");

function isChanged(field) {
  if (field.localName === "select") {
    const usual = [...field.options].findIndex((each) => each.defaultSelected);
    return field.selectedIndex !== Math.max(usual, 0);
  }
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  return field.type !== "hidden" && field.value !== field.defaultValue;
}

const isHeld = (field) => field.matches(FIELDS) && (isChanged(field) || field === document.activeElement);

let sent = null;
let reading = false;

// Forms are left alone as a whole: their hidden fields belong to what was chosen in them.
function isKept(form) {
  return form !== sent && (form.matches("[data-typed]") || [...form.elements].some(isHeld));
}

// Typed values are not in the HTML that is compared; they go where a form has been answered.
function isSame(node, fresh) {
  if (!node.isEqualNode(fresh)) return false;
  const answered = sent !== null && (node.contains(sent) || sent.contains(node));
  return !answered || ![node, ...node.querySelectorAll(FIELDS)].some((each) => each.matches(FIELDS) && isChanged(each));
}

function isLeft(node) {
  if (node.localName === "form") return isKept(node);
  if (node.matches("[data-said]")) return reading;
  return node.matches("[data-chart]") || (node.matches(FIELDS) && !node.form && isHeld(node));
}

Object.assign(Idiomorph.defaults.callbacks, {
  beforeNodeMorphed(node, fresh) {
    if (node.nodeType !== Node.ELEMENT_NODE) return true;
    if (node.id === "main") showTimes(fresh);
    return !isLeft(node) && !isSame(node, fresh);
  },
  beforeNodeRemoved(node) {
    if (node.nodeType !== Node.ELEMENT_NODE) return true;
    const within = (what) => [...(node.matches(what) ? [node] : []), ...node.querySelectorAll(what)];
    const isSaid = reading && within("[data-said]").some((each) => each.hasChildNodes());
    return !isSaid && !within("form").some(isKept);
  },
  beforeAttributeUpdated: (name, node) => !(name === "open" && node.matches("details, dialog")),
});

let places = new Map();
let chosen = [];
let focused = false;
let swapped = -SIGHT;

// Call this before a page replaces what is shown.
//   form: the one that the page answers; null if the page was only read again.
//   done: whether what the form asked for was done.
export function begin(form, done) {
  sent = form;
  reading = form === null;
  // The choices stay: what is done to one row is often done to the next.
  const goesOn = done && form?.matches("[data-keep]");
  chosen = goesOn ? [...form.querySelectorAll(FIELDS)].map((each) => [each, each.value]) : [];
  places = new Map([...main().querySelectorAll(ACTS)].map((each) => [each, each.getBoundingClientRect()]));
  focused = main().contains(document.activeElement);
}

// Call this when the page is in place.
export function end() {
  swapped = performance.now();
  for (const [field, value] of chosen) {
    field.value = value;
    if (field.selectedIndex === -1) field.selectedIndex = 0;
  }
  const wrong = reading ? null : main().querySelector("[aria-invalid]");
  if (wrong) wrong.focus();
  // The focused element is gone: the keyboard goes on from the content.
  else if (focused && document.activeElement === document.body) main().focus({ preventScroll: true });
  sent = null;
}

let pressed = -Infinity;
let moved = 0;

// A press belongs to what was shown when it began; the page waits until it has ended. A menu of the
// system may swallow its end.
export const isPressed = () => performance.now() - pressed < 10000;

export function onRelease(call) {
  function release() {
    pressed = -Infinity;
    setTimeout(call);
  }
  addEventListener("pointerdown", (event) => { pressed = event.timeStamp; }, true);
  addEventListener("pointerup", release, true);
  addEventListener("pointercancel", release, true);
  addEventListener("change", release, true);
  addEventListener("pointermove", (event) => {
    if (event.pointerType !== "mouse") return;
    moved = event.timeStamp;
    if (event.buttons === 0 && isPressed()) release();
  }, true);
}

// What has just come under the pointer is not what somebody meant to press.
export function onMistaken(call) {
  addEventListener("click", (event) => {
    const act = event.target.closest?.(ACTS);
    if (!act || event.detail === 0 || !main().contains(act) || performance.now() - swapped > SIGHT) return;
    if (moved > swapped && event.detail === 1) return;
    const was = places.get(act);
    const is = act.getBoundingClientRect();
    if (was && Math.abs(was.top - is.top) < 8 && Math.abs(was.left - is.left) < 8) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    call();
  }, true);
}

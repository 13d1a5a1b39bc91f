// What a page that is put in place of an older one leaves alone: whatever somebody has typed or chosen,
// looks at, or is about to press.

import { showTimes } from "./times.js";

const FIELDS = "input, select, textarea";
const ACTS = "a, button, input, select, summary";
// Milliseconds in which nobody can have seen that something else is under the pointer now.
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

// Forms are left alone as a whole: what they carry unseen belongs to what was chosen in them.
function isKept(form) {
  return form !== sent && (form.matches("[data-typed]") || [...form.elements].some(isHeld));
}

// What was typed is no part of what HTML says, and goes where a form has been answered.
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

// To be called before a page is put in place of what is shown.
//   form: that it answers, if it answers one; null if the page was only read again.
//   done: what the form asked for was done.
export function begin(form, done) {
  sent = form;
  reading = form === null;
  // What is done to one of many is done to the next one likewise.
  const goesOn = done && form?.matches("[data-keep]");
  chosen = goesOn ? [...form.querySelectorAll(FIELDS)].map((each) => [each, each.value]) : [];
  places = new Map([...main().querySelectorAll(ACTS)].map((each) => [each, each.getBoundingClientRect()]));
  focused = main().contains(document.activeElement);
}

// To be called when that has been done.
export function end() {
  swapped = performance.now();
  for (const [field, value] of chosen) {
    field.value = value;
    if (field.selectedIndex === -1) field.selectedIndex = 0;
  }
  const wrong = reading ? null : main().querySelector("[aria-invalid]");
  if (wrong) wrong.focus();
  // The keyboard goes on from where it was, though what was there is gone.
  else if (focused && document.activeElement === document.body) main().focus({ preventScroll: true });
  sent = null;
}

let pressed = -Infinity;
let moved = 0;

// A press is begun at what was shown; the page waits until it has ended. A menu of the system may
// swallow the end of it.
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

// What came under the pointer just now is not what somebody meant to press.
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

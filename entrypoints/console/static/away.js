// Whether the server answers, and what the page says and does while it does not: the page stays.

import { showTimes } from "./times.js";

// Milliseconds within which a running server answers.
export const PROBE = 4000;
const RETRY = 2000;
// Milliseconds between reads while only the stream of events is cut off.
const POLL = 5000;

// A file that is fetched only to see whether the server answers.
export const SIGN = document.querySelector("link[rel=icon]").href;

// Tells whether the server itself answers, not only a proxy in front of it.
export async function isThere(address) {
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" }, cache: "no-store", signal: AbortSignal.timeout(PROBE) });
    return answer.status < 500;
  } catch {
    return false;
  }
}

export class Server {
  // True from when something was cut off until something is answered.
  isDoubted = false;
  #banner = document.getElementById("away");
  #live = document.querySelector("[data-live]");
  #shown = Date.now();
  #timer = 0;
  #read;

  // `read` reads the page again and reports the outcome here.
  constructor(read) {
    this.#read = read;
    addEventListener("click", (event) => this.#guardLink(event), true);
    addEventListener("submit", (event) => this.#guardForm(event), true);
  }

  // The stream is heard. Returns whether it was interrupted before: something may have been missed.
  hear() {
    const goes = !this.isDoubted && !this.#live.hidden;
    this.isDoubted = false;
    this.#live.hidden = false;
    clearTimeout(this.#timer);
    return !goes;
  }

  doubt() {
    this.isDoubted = true;
    this.#live.hidden = true;
  }

  // What is shown is current.
  confirm() {
    this.#shown = Date.now();
  }

  answered() {
    this.confirm();
    this.#banner.hidden = true;
    clearTimeout(this.#timer);
    if (this.isDoubted) this.#timer = setTimeout(this.#read, POLL);
    this.isDoubted = false;
  }

  failed() {
    this.doubt();
    this.#banner.querySelector("time").dateTime = new Date(this.#shown).toISOString();
    showTimes(this.#banner);
    this.#banner.hidden = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#read, RETRY);
  }

  // A click while the server is away would leave the page and bring nothing.
  #guard(event, address, go) {
    event.preventDefault();
    event.stopImmediatePropagation();
    isThere(address).then((there) => (there ? go() : this.failed()));
  }

  #guardLink(event) {
    const link = event.target.closest?.("a[href]");
    if (!this.isDoubted || !link || link.target || link.matches("[data-dismiss]")) return;
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    // A place on this page can be reached without the server.
    if (link.origin !== location.origin || (link.hash && link.pathname === location.pathname)) return;
    this.#guard(event, link.href, () => location.assign(link.href));
  }

  #guardForm(event) {
    if (!this.isDoubted) return;
    const { target: form, submitter } = event;
    this.#guard(event, SIGN, () => {
      this.isDoubted = false;
      form.requestSubmit(submitter);
    });
  }
}

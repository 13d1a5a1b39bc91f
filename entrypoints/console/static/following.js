// Pages stay current: they are read again when something has changed, and forms are answered in place.

import { PROBE, SIGN, Server, isThere } from "./away.js";
import { begin, end, isPressed, main, onMistaken, onRelease } from "./keeping.js";
import { listen } from "./tabs.js";

// Milliseconds that reading the page again may take; a server in doubt gets less.
const PATIENCE = 15000;

const text = (id) => document.getElementById(id).content.textContent;
const isRead = (detail) => detail.requestConfig.elt === main();

// Shows a message in place of what was done last.
function say(words) {
  const notice = document.createElement("p");
  notice.className = "notice bad";
  notice.setAttribute("role", "alert");
  notice.textContent = words;
  document.getElementById("said").replaceChildren(notice);
}

// Tells pages of the console from what a proxy in front of the server answers.
const isPage = (html) => html.includes('<main id="main"');

// Returns the message of a page that only says why something was refused or is missing: it replaces no page.
function problemOf(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  return page.querySelector("#main[data-problem] [role=alert]")?.textContent ?? null;
}

class Reader {
  server = new Server(() => this.read());
  // Something may have changed since the page was read.
  #stale = false;
  #busy = 0;
  // A page that was asked for before something was done is out of date when it comes.
  #isOld = false;
  #began = 0;
  #rests = 0;

  get isCurrent() {
    return !this.#stale && this.#busy === 0;
  }

  read() {
    this.#stale = true;
    if (this.#busy || isPressed() || document.hidden || performance.now() < this.#rests) return;
    this.#stale = false;
    this.#began = performance.now();
    if (main().matches("[data-follows]")) htmx.trigger(main(), "changed");
    else isThere(SIGN).then((there) => (there ? this.server.answered() : this.server.failed()));
  }

  catchUp() {
    if (this.#stale) this.read();
  }

  asks(detail) {
    this.#busy += 1;
    this.#isOld = !isRead(detail);
  }

  answered(detail) {
    this.#busy -= 1;
    const { status, responseText: html } = detail.xhr;
    if (isRead(detail) && status) {
      if (status < 400 ? isPage(html) : status < 500) this.server.answered();
      else this.server.failed();
    }
    setTimeout(() => !this.server.isDoubted && this.catchUp());
  }

  failed(detail) {
    if (detail.xhr.status >= 400 && detail.xhr.status < 500) return;
    if (!isRead(detail)) say(text("no-answer"));
    this.server.failed();
  }

  // Decides whether an answer replaces what is shown.
  decide(detail) {
    const form = isRead(detail) ? null : detail.requestConfig.elt;
    const { status, responseText: html } = detail.xhr;
    const done = status < 400;
    // A page whose subject somebody has deleted stays as it was last seen, and says so.
    const problem = !done && (form || !this.#isOld) ? problemOf(html) : null;
    if (problem) say(problem);
    if (form) detail.isError = detail.isError && !isPage(html);
    const fits = form !== null || (done && !isPressed() && !this.#isOld);
    detail.shouldSwap = isPage(html) && !problem && fits;
    if (detail.shouldSwap) begin(form, done);
    else if (!fits && done) this.#stale = true;
  }

  swapped(detail) {
    end();
    if (!isRead(detail)) return;
    // A page of a thousand rows takes long to put in place; the pause leaves the browser time for other work.
    const pause = 2 * (performance.now() - this.#began);
    this.#rests = performance.now() + pause;
    setTimeout(() => this.catchUp(), pause + 1);
  }
}

// Calls `prepare` when something has been put in place, and `drawCharts` when there is more to draw.
export function follow(url, prepare, drawCharts) {
  const reader = new Reader();
  let drawn = 0;

  listen(url, (what) => {
    if (what === "away" || what === "refused") {
      reader.server.doubt();
      reader.read();
      return;
    }
    const missed = reader.server.hear();
    if (what === "alive" && !missed) {
      if (reader.isCurrent) reader.server.confirm();
      return;
    }
    reader.read();
    // Charts show hundreds of contacts; one more can wait for a moment.
    if (Date.now() - drawn < 2000 || document.hidden) return;
    drawn = Date.now();
    drawCharts();
  });

  const on = (kind, call) => document.body.addEventListener(kind, ({ detail }) => call(detail));
  on("htmx:configRequest", (detail) => {
    if (detail.elt === main()) detail.timeout = reader.server.isDoubted ? PROBE : PATIENCE;
    // htmx knows which button was pressed only if the button is inside its form.
    const { submitter } = detail.triggeringEvent ?? {};
    if (submitter?.name) detail.parameters[submitter.name] = submitter.value;
  });
  on("htmx:beforeRequest", (detail) => reader.asks(detail));
  on("htmx:afterRequest", (detail) => reader.answered(detail));
  on("htmx:beforeSwap", (detail) => reader.decide(detail));
  on("htmx:afterSwap", (detail) => {
    reader.swapped(detail);
    prepare();
  });
  for (const kind of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) on(kind, (detail) => reader.failed(detail));
  onRelease(() => reader.catchUp());
  onMistaken(() => say(text("moved")));
  document.addEventListener("visibilitychange", () => reader.catchUp());
}

// One connection for events per browser, however many tabs are open: over HTTP/1.1 a browser makes six to a
// host, and every tab would keep one. The tab that leads holds it and tells the others what it hears.

// The server says something every five seconds.
const SILENCE = 12000;
const LEASE = 3000;

// Calls `tell` with "changed", "alive", "away" (cut off) or "refused" (answered, but with no stream).
export function listen(url, tell) {
  const name = `fairlead ${url}`;
  const channel = new BroadcastChannel(name);
  let events = null;
  let again = 0;
  let heard = Date.now();

  function take(what) {
    if (what !== "away") heard = Date.now();
    tell(what);
  }

  function pass(what) {
    channel.postMessage(what);
    take(what);
  }

  function lead() {
    clearTimeout(again);
    events?.close();
    events = new EventSource(url);
    for (const what of ["changed", "alive"]) events.addEventListener(what, () => pass(what));
    events.addEventListener("error", () => {
      const refused = events.readyState === EventSource.CLOSED;
      pass(refused ? "refused" : "away");
      // Browsers reconnect by themselves only after a cut, not after a refusal.
      if (refused) again = setTimeout(lead, 2000);
    });
  }

  function resign() {
    clearTimeout(again);
    events?.close();
    events = null;
  }

  channel.addEventListener("message", ({ data }) => {
    if (data !== "who") take(data);
    else if (events) channel.postMessage(events.readyState === EventSource.OPEN ? "alive" : "away");
  });
  channel.postMessage("who");
  const elected = navigator.locks ? byLock(name, lead, resign) : byLease(name, lead, resign);
  setInterval(() => {
    if (Date.now() - heard < SILENCE) return;
    take("away");
    if (events) lead();
    // The tab that leads may be frozen: browsers freeze tabs that nobody looks at.
    else if (!document.hidden) elected.insist();
  }, 3000);
  addEventListener("pagehide", () => {
    elected.leave();
    resign();
  });
  // Browsers may keep a page that was left and show it again as it was.
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}

// One tab holds the lock; when it ends, in whatever way, the lock passes to the next one.
function byLock(name, lead, resign) {
  let release = () => {};
  function ask(options) {
    const held = navigator.locks.request(name, options, () => {
      lead();
      return new Promise((done) => { release = done; });
    });
    held.catch(() => {
      // Another tab has insisted.
      resign();
      ask({});
    });
  }
  ask({});
  return { insist: () => ask({ steal: true }), leave: () => release() };
}

// Without https only pages of this machine itself have locks. Elsewhere the tab leads whose name is in the
// local storage with a time that has not passed; it renews that as long as it leads.
function byLease(name, lead, resign) {
  const me = Math.random().toString(36);
  let leads = false;

  function look() {
    const [holder, until] = read().split("|");
    const left = Number(until) - Date.now();
    if (holder === me || !(left > 0 && left <= LEASE)) write(`${me}|${Date.now() + LEASE}`);
    // `holder` is what an earlier look has written: of several tabs that wrote at once, one is left.
    if ((holder === me) === leads) return;
    leads = holder === me;
    if (leads) lead();
    else resign();
  }

  function read() {
    try {
      return localStorage.getItem(name) ?? "";
    } catch {
      // Nothing can be stored here: each visible tab listens for itself.
      return document.hidden ? "" : `${me}|`;
    }
  }

  function write(text) {
    try {
      localStorage.setItem(name, text);
    } catch {
      // As above.
    }
  }

  look();
  setTimeout(look, 250);
  setInterval(look, 1000);
  addEventListener("storage", (event) => {
    if (event.key !== name || event.newValue !== "") return;
    look();
    setTimeout(look, 250);
  });
  document.addEventListener("visibilitychange", look);
  return { insist: () => {}, leave: () => leads && write("") };
}

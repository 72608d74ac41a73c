// What every view is made of. Text reaches the page as text nodes only, so that nothing that came with
// footage (names, transcripts, errors) can run.

/** An element: h("button.main", {onclick: save}, "Save"). Children are elements, text, or null for none. */
export function h(what, props = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const made = document.createElement(tag || "div");
  if (classes.length) made.className = classes.join(" ");
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "style") Object.assign(made.style, value);
    else if (name === "value") made.value = value;
    else if (["href", "src"].includes(name)) {
      if (safe(value)) made.setAttribute(name, value);
    } else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(4).filter((one) => one !== null && one !== undefined && one !== false));
  return made;
}

/** Only addresses of this very server: neither javascript: nor somebody else's. */
const safe = (url) => new URL(url, location.href).origin === location.origin;

export const fill = (place, ...children) => place.replaceChildren(...children.flat(4).filter(Boolean));

/** What the server refused, in its own words. */
export class Refusal extends Error {
  constructor(status, problem) {
    super(
      [problem.detail ?? problem.title ?? `The server answered ${status}`, problem.remedy]
        .filter(Boolean)
        .join(". "),
    );
    this.status = status;
    this.problem = problem;
  }
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Call the API. Reading is tried again while the server is away; writing is not, unless it carries a key. */
export async function api(method, path, { body, etag, key, patience = 30000 } = {}) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (etag) headers["If-Match"] = etag;
  if (key) headers["Idempotency-Key"] = `"${key}"`;
  const tries = method === "GET" || key ? 4 : 1;
  for (let attempt = 1; ; attempt++) {
    let answer;
    try {
      answer = await fetch(path, {
        method,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(patience),
      });
    } catch (error) {
      if (attempt < tries) {
        await pause(Math.random() * 500 * 2 ** attempt);
        continue;
      }
      away(true);
      throw new Refusal(0, {
        detail: "The server does not answer. What you typed is kept; try again when it is back",
      });
    }
    away(false);
    if (answer.status === 401) {
      location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
    }
    if ([429, 503].includes(answer.status) && attempt < tries) {
      await pause(1000 * Math.min(10, Number(answer.headers.get("Retry-After")) || 1));
      continue;
    }
    const type = answer.headers.get("Content-Type") ?? "";
    const found =
      answer.status === 204 ? null : type.includes("json") ? await answer.json() : await answer.text();
    if (!answer.ok) throw new Refusal(answer.status, typeof found === "object" && found ? found : {});
    return { data: found, etag: answer.headers.get("ETag"), status: answer.status };
  }
}

export const fresh = () => crypto.randomUUID();

/** Do something that may be refused, with its button disabled meanwhile, and say what came of it. */
export async function attempt(button, what, done) {
  if (button) button.disabled = true;
  try {
    const found = await what();
    if (done) say(done);
    return found ?? true;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    say(
      error.status === 412
        ? "Somebody else changed this meanwhile. Look at it as it is now, then decide again; what you typed is kept."
        : error.message,
      "bad",
    );
    return null;
  } finally {
    if (button) button.disabled = false;
  }
}

let toasts;
/** A line at the corner that goes by itself. */
export function say(words, kind = "") {
  if (!toasts?.isConnected) {
    toasts = h("div.toasts", { role: "status", "aria-live": "polite" });
    document.body.append(wrapped(toasts));
  }
  const line = h(`div${kind ? "." + kind : ""}`, {}, words);
  toasts.append(line);
  setTimeout(() => line.remove(), kind ? 9000 : 4000);
}

let banner;
/** One plain message while the server is away; it goes when the server is back. */
function away(is) {
  if (!is) {
    banner?.remove();
    banner = null;
    return;
  }
  if (banner) return;
  banner = wrapped(
    h(
      "div.notice",
      {
        role: "alert",
        style: { position: "fixed", top: "12px", left: "50%", transform: "translateX(-50%)", zIndex: 99 },
      },
      "The server does not answer. This page goes on by itself when it is back.",
    ),
  );
  document.body.append(banner);
  const look = async () => {
    try {
      if ((await fetch("/healthz")).ok) {
        away(false);
        listeners.forEach((one) => one({ kind: "back" }));
        return;
      }
    } catch {
      /* still away */
    }
    if (banner) setTimeout(look, 2000);
  };
  setTimeout(look, 2000);
}

const wrapped = (inner) => {
  const outer = h("div.ed", {}, styles(), inner);
  return outer;
};
export const styles = () => h("link", { rel: "stylesheet", href: "/apps/static/widgets.css" });

/** The root of a view inside a widget: our styles, and a place to draw in. */
export function root(el) {
  const place = h("div.ed");
  el.replaceChildren(styles(), place);
  return place;
}

const listeners = new Set();
let source;
/** Hear what happens on the server: `hear({kind, batch_id, subject_id, data})`. Returns how to stop. */
export function live(hear) {
  listeners.add(hear);
  if (!source) {
    source = new EventSource("/api/events");
    const tell = (message) => {
      let event;
      try {
        event = JSON.parse(message.data);
      } catch {
        return;
      }
      listeners.forEach((one) => one(event));
    };
    source.onmessage = tell;
    source.addEventListener("event", tell);
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) {
        source = null;
        setTimeout(() => listeners.size && reopen(), 3000);
      }
    };
  }
  return () => {
    listeners.delete(hear);
    if (!listeners.size) {
      source?.close();
      source = null;
    }
  };
}
function reopen() {
  const [one] = listeners;
  listeners.delete(one);
  live(one);
}

/** Call `what` at most every `ms`, and once more after the last wish. */
export function calmly(what, ms = 400) {
  let waiting = null,
    last = 0;
  return () => {
    if (waiting) return;
    waiting = setTimeout(
      () => {
        waiting = null;
        last = Date.now();
        what();
      },
      Math.max(0, last + ms - Date.now()),
    );
  };
}

/** What somebody typed and has not sent yet outlives a reload. */
export const draft = {
  get: (name) => localStorage.getItem(`draft:${name}`) ?? "",
  set: (name, value) =>
    value ? localStorage.setItem(`draft:${name}`, value) : localStorage.removeItem(`draft:${name}`),
};

/** Keys that act: keys(el, {a: ["approve", fn]}); `?` shows them all. Returns how to stop. */
export function keys(el, table) {
  const dialog = h(
    "dialog",
    {},
    h("h2", {}, "Keys"),
    h(
      "div.keys",
      {},
      ...Object.entries(table).flatMap(([key, [words]]) => [
        h("kbd", {}, key === " " ? "space" : key),
        h("span", {}, words),
      ]),
      h("kbd", {}, "?"),
      h("span", {}, "this sheet"),
    ),
    h("p", {}),
    h("button", { onclick: () => dialog.close() }, "Close"),
  );
  el.append(dialog);
  const press = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = event.composedPath()[0];
    if (
      at instanceof HTMLElement &&
      ((["INPUT", "TEXTAREA", "SELECT"].includes(at.tagName) &&
        at.type !== "range" &&
        at.type !== "checkbox") ||
        at.isContentEditable)
    )
      return;
    if (event.key === "?") {
      event.preventDefault();
      dialog.open ? dialog.close() : dialog.showModal();
      return;
    }
    if (dialog.open || !el.isConnected) return;
    const found = table[event.key] ?? table[event.key.toLowerCase()];
    if (!found) return;
    if (event.key === " " && at instanceof HTMLElement && ["BUTTON", "A"].includes(at.tagName)) return;
    event.preventDefault();
    event.stopPropagation();
    found[1](event);
  };
  window.addEventListener("keydown", press, true);
  return () => window.removeEventListener("keydown", press, true);
}

export const size = (bytes) => {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let n = bytes ?? 0,
    i = 0;
  while (n >= 1000 && i < 4) {
    n /= 1000;
    i++;
  }
  return `${i ? n.toFixed(1) : n} ${units[i]}`;
};
export const clock = (s, digits = 1) => {
  if (s === null || s === undefined) return "";
  const whole = Math.max(0, s),
    hours = Math.floor(whole / 3600),
    minutes = Math.floor((whole % 3600) / 60),
    seconds = (whole % 60).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
};
export const ago = (iso) => {
  if (!iso) return "";
  const s = (Date.now() - Date.parse(iso)) / 1000;
  for (const [n, word] of [
    [86400, "d"],
    [3600, "h"],
    [60, "min"],
  ])
    if (s >= n) return `${Math.floor(s / n)} ${word} ago`;
  return "just now";
};

const GOOD = ["ready", "analyzed", "approved", "complete", "done", "passed"],
  BAD = ["failed", "rejected", "blocked", "cancelled"],
  BUSY = ["downloading", "analyzing", "rendering", "assembling", "doing", "in_progress"],
  WAIT = ["needsreview", "ready_for_review", "paused", "partial"];
/** A state as a chip: its colour is its kind, its word is the store's. */
export const chip = (state, words = null) =>
  h(
    `span.chip${GOOD.includes(state) ? ".good" : BAD.includes(state) ? ".bad" : BUSY.includes(state) ? ".busy" : WAIT.includes(state) ? ".wait" : ""}`,
    {},
    words ?? String(state).replaceAll("_", " ").replace("needsreview", "needs review"),
  );

/** Nothing here, why, and what to do about it. */
export const empty = (title, ...advice) =>
  h(
    "div.empty",
    {},
    h("h2", {}, title),
    ...advice.map((line) => (line instanceof Node ? line : h("div", {}, line))),
  );

/** What the Python side could not give, in one plain message with a way on. */
export const trouble = (error) =>
  h(
    "div.notice",
    { role: "alert" },
    h("div.grow", {}, error),
    h("a.button", { href: "/apps/batches/" }, "All batches"),
    h("button", { onclick: () => location.reload() }, "Try again"),
  );

/** Follow a trait of the model; draws at once and after each change. Returns nothing; marimo ends it with the view. */
export function follow(model, name, draw) {
  const now = () => draw(model.get(name));
  model.on(`change:${name}`, now);
  now();
  return () => model.off(`change:${name}`, now);
}

/** Ask the Python side for its data anew, with other wishes. What it returns is done when the answer is shown. */
export function ask(model, wishes = {}) {
  const asked = (model.get("query")?.asked ?? 0) + 1;
  const shown = new Promise((done) => {
    const look = () => {
      if (model.get("answered") >= asked) {
        model.off("change:answered", look);
        done();
      }
    };
    model.on("change:answered", look);
  });
  model.set("query", { ...model.get("query"), ...wishes, asked });
  model.save_changes();
  return Promise.race([shown, pause(10000)]);
}

// The API, called with the caller's own cookie.
import { away, say } from "./notices.js";

const BUSY = [429, 503];
const NEEDS_KEY = 401;
const CHANGED = 412;
const AWAY = "The server does not answer. What you typed is kept; try again when it is back";
const STALE =
  "Somebody else changed this meanwhile. Look at it as it is now, then decide again; what you typed is kept.";

/** What the server refused, in its own words. */
export class Refusal extends Error {
  constructor(status, problem) {
    const reason = problem.detail ?? problem.title ?? `The server answered ${status}`;
    super([reason, problem.remedy].filter(Boolean).join(". "));
    this.status = status;
    this.problem = problem;
  }
}

/** A promise that is kept after so many milliseconds. */
export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** A key under which something is asked for once, however often it is sent. */
export const fresh = () => crypto.randomUUID();

/**
 * Call the API; returns {data, etag, status} or throws a Refusal. Reading is tried again while the server is
 * away; writing is not, unless it carries a key.
 */
export async function api(method, path, { body, etag, key, patience = 30000 } = {}) {
  const request = { method, headers: headers({ body, etag, key }), body: body && JSON.stringify(body) };
  const tries = method === "GET" || key ? 4 : 1;
  for (let attempt = 1; ; attempt++) {
    const last = attempt >= tries;
    const answer = await fetch(path, { ...request, signal: AbortSignal.timeout(patience) }).catch(() => null);
    if (!answer && last) {
      away(true);
      throw new Refusal(0, { detail: AWAY });
    }
    if (!answer) {
      await pause(Math.random() * 500 * 2 ** attempt);
      continue;
    }
    away(false);
    if (answer.status === NEEDS_KEY) askForKey();
    if (BUSY.includes(answer.status) && !last) {
      await pause(1000 * Math.min(10, Number(answer.headers.get("Retry-After")) || 1));
      continue;
    }
    return { data: await read(answer), etag: answer.headers.get("ETag"), status: answer.status };
  }
}

function headers({ body, etag, key }) {
  const made = { Accept: "application/json" };
  if (body !== undefined) made["Content-Type"] = "application/json";
  if (etag) made["If-Match"] = etag;
  if (key) made["Idempotency-Key"] = `"${key}"`;
  return made;
}

function askForKey() {
  location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
}

/** What an answer holds; throws a Refusal where it is one. */
export async function read(answer) {
  const type = answer.headers.get("Content-Type") ?? "";
  const found = answer.status === 204 ? null : await (type.includes("json") ? answer.json() : answer.text());
  if (!answer.ok) throw new Refusal(answer.status, typeof found === "object" && found ? found : {});
  return found;
}

/**
 * Do something that may be refused, with its button disabled meanwhile, and say what came of it: `done`, or
 * why not. Returns what `what` returned, or null where it was refused.
 */
export async function attempt(button, what, done) {
  if (button) button.disabled = true;
  try {
    const found = await what();
    if (done) say(done);
    return found ?? true;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    say(error.status === CHANGED ? STALE : error.message, "bad");
    return null;
  } finally {
    if (button) button.disabled = false;
  }
}

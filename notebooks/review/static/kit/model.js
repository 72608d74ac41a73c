// The way to the Python side of a view: what it told, and how to ask it anew.
import { pause } from "./api.js";
import { live } from "./live.js";

const PATIENCE_MS = 10000;

/** Follow a trait of the model: draws at once and after each change. Returns how to stop. */
export function follow(model, name, draw) {
  const now = () => draw(model.get(name));
  model.on(`change:${name}`, now);
  now();
  return () => model.off(`change:${name}`, now);
}

/**
 * Ask the Python side for its data anew, with other wishes. What it returns is done when the answer is shown.
 */
export function ask(model, wishes = {}) {
  const asked = (model.get("query")?.asked ?? 0) + 1;
  const shown = new Promise((done) => {
    const look = () => {
      if (model.get("answered") < asked) return;
      model.off("change:answered", look);
      done();
    };
    model.on("change:answered", look);
  });
  model.set("query", { ...model.get("query"), ...wishes, asked });
  model.save_changes();
  return Promise.race([shown, pause(PATIENCE_MS)]);
}

const ROLES = ["viewer", "reviewer", "operator", "admin"]; // each may do what those before it may

/** Whether whoever looks may do what is for a role. The API decides; this only spares them its refusal. */
export const may = (model, role) => ROLES.indexOf(model.get("query").role) >= ROLES.indexOf(role);

/** Ask anew, at most every `ms`, when something happens that `concerns` the view. Returns how to stop. */
export function renew(model, concerns, ms, wishes = () => ({})) {
  const again = calmly(() => ask(model, wishes()), ms);
  return live((event) => concerns(event) && again());
}

/** Whether an event is about this batch, and of such a kind; all are when the server is back. */
export const about = (event, batch, kinds) =>
  event.kind === "back" || (event.batch_id === batch && kinds.test(event.kind));

/** Call `what` at most every `ms`, and once more after the last wish. */
export function calmly(what, ms = 400) {
  let waiting = null;
  let last = 0;
  return () => {
    if (waiting) return;
    const act = () => {
      waiting = null;
      last = Date.now();
      what();
    };
    waiting = setTimeout(act, Math.max(0, last + ms - Date.now()));
  };
}

/** One end for many: what it returns calls them all. */
export const endAll =
  (...ends) =>
  () =>
    ends.forEach((end) => end());

// Every render job: how far it is, what went wrong, what it left and whether that passed its checks.
import {
  ago,
  api,
  appLink,
  ask,
  attempt,
  chip,
  empty,
  endAll,
  failed,
  fill,
  follow,
  fresh,
  h,
  heading,
  keys,
  onlyFor,
  pressChip,
  renew,
  root,
  toBatches,
} from "./kit.js";
import { outputCard } from "./renders/output.js";

const RENEW_MS = 800;
const KINDS = /^(job|back)/;
const OUTPUTS = {
  display: "grid",
  gap: "14px",
  gridTemplateColumns: "repeat(auto-fill, minmax(min(230px, 100%), 1fr))",
  alignItems: "start",
};

/** Draw the list of jobs. */
export function render({ model, el }) {
  const place = root(el);
  let jobs = [];
  let wanted = "all";
  const bars = new Map(); // by job
  const list = h("div.stack");
  const chips = h("div.row");
  const page = h("main.page", {}, h("div.row", {}, h("h1.grow", {}, "Renders"), chips), list);

  const fits = (job, state) => state === "all" || job.state === state;
  function show() {
    const states = ["all", ...new Set(jobs.map((job) => job.state))];
    if (!states.includes(wanted)) wanted = "all";
    fill(chips, jobs.length ? states.map(stateChip) : null);
    const found = jobs.filter((job) => fits(job, wanted));
    bars.clear();
    fill(list, found.length ? found.map(card) : nothingYet());
  }
  function stateChip(state) {
    const count = jobs.filter((job) => fits(job, state)).length;
    return pressChip(`${state} ${count}`, state === wanted, () => {
      wanted = state;
      show();
    });
  }
  function card(job) {
    const done = h("i", { style: { width: `${job.progress}%` } });
    bars.set(job.id, done);
    const act = (verb, words) => actButton(job, verb, words, () => ask(model));
    const error = h("div.notice", { role: "alert" }, h("div.grow", {}, h("div", {}, job.error), logOf(job)));
    return h(
      "section.panel.stack",
      { "aria-label": job.blueprint },
      head(job, onlyFor(model, "operator", buttons(job, act))),
      job.state === "complete" ? null : progressBar(job, done),
      job.error ? error : null,
      job.outputs.length ? h("div", { style: OUTPUTS }, job.outputs.map(outputCard)) : null,
    );
  }
  function progress({ subject_id, data }) {
    const done = bars.get(subject_id);
    if (!done) return;
    done.style.width = `${data.percent}%`;
    done.parentElement.setAttribute("aria-valuenow", Math.round(data.percent));
  }
  /** Progress is shown at once, and nothing is asked for it. */
  function concerns(event) {
    if (event.kind !== "job.progress") return KINDS.test(event.kind);
    progress(event);
    return false;
  }

  const stopData = follow(model, "data", (data) => {
    if (data.error) return failed(place, data.error);
    jobs = data.jobs;
    if (!page.isConnected) fill(place, page);
    show();
  });
  const stopLive = renew(model, concerns, RENEW_MS);
  const stopKeys = keys(place, { r: ["read everything anew", () => ask(model)] });
  return endAll(stopData, stopLive, stopKeys);
}

function nothingYet() {
  const how = "A cut is rendered once it is signed off.";
  const choose = toBatches("Choose a batch to review");
  return h("div.panel", {}, empty("Nothing is being rendered", how, choose));
}

/** What can be done about a job that stands so. */
function buttons({ state }, act) {
  const running = ["queued", "rendering"].includes(state);
  const paused = state === "paused";
  return [
    state === "failed" ? act("retry", "Retry") : null,
    paused ? act("resume", "Resume") : null,
    running ? act("pause", "Pause") : null,
    running || paused ? act("cancel", "Cancel") : null,
  ];
}

function head({ blueprint, batch, batch_name, state, priority, created }, acts) {
  const link = h("a.dim", { href: appLink("report", { batch }) }, batch_name);
  return h(
    "div.row",
    {},
    heading(blueprint, h("span.dim", {}, " · "), link),
    chip(state),
    h("span.chip.plain", {}, priority),
    h("span.dim.small", { title: created }, ago(created)),
    acts,
  );
}

function actButton(job, verb, words, done) {
  const send = () => api("POST", `/api/jobs/${job.id}/${verb}`, { key: fresh() });
  const onclick = (event) => attempt(event.currentTarget, send, `${words}: done`).then(done);
  return h("button", { onclick }, words);
}

function progressBar({ state, progress }, done) {
  const kind = state === "failed" ? "div.bar.bad" : "div.bar";
  const values = { "aria-valuenow": Math.round(progress), "aria-valuemin": 0, "aria-valuemax": 100 };
  return h(kind, { role: "progressbar", ...values }, done);
}

/** The last lines of a job's log, asked for when they are unfolded. */
function logOf(job) {
  const style = { whiteSpace: "pre-wrap", margin: "8px 0 0", maxHeight: "220px", overflow: "auto" };
  const lines = h("pre.small", { style });
  const read = async (event) => {
    if (!event.target.open) return;
    const found = await attempt(null, () => api("GET", `/api/jobs/${job.id}/log`));
    lines.textContent = found?.data.lines.join("\n") || "Nothing was logged.";
  };
  return h("details", { ontoggle: read }, h("summary.small.dim", {}, "Last lines of the log"), lines);
}

// Which run of the harness is looked at, and how it went.
import { ago, chip, fill, gap, h, options } from "../kit.js";

/** The choice of a run, and what it found. Returns {choice, told, show(data)}. */
export function runHead({ onchoose }) {
  const choice = h("div.row");
  const told = h("div.row", gap(8));
  const choose = (event) => onchoose(event.target.value);

  function show({ run, runs, baseline }) {
    const all = runs.map((one) => [one.id, `${when(one.at)} · ${outcome(one, `${one.changes} changed`)}`]);
    const select = h("select", { "aria-label": "Run", onchange: choose }, options(all, run?.id));
    fill(choice, runs.length ? select : null);
    fill(told, run ? summary(run, baseline) : null);
  }
  return { choice, told, show };
}

const when = (at) => new Date(at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });

const outcome = ({ blessed, passed }, unless) => (blessed ? "blessed" : passed ? "as blessed" : unless);

function summary(run, baseline) {
  const counts = `${run.readings} readings, ${run.changed.length} changed`;
  return [
    chip(run.passed ? "passed" : "failed", outcome(run, "not as blessed")),
    h("span.dim.small.num", {}, `${counts} · baseline of ${baseline} · ${ago(run.at)}`),
  ];
}

// What the harness reads otherwise than it was blessed: readings that changed, suites that broke, moments.
import { api, attempt, empty, fill, fresh, h, heading } from "../kit.js";
import { figure, kindOf } from "./words.js";

const TITLE = 200; // characters that a finding's title may have
const SUBJECT = 80;
const OVERLAYS = 5;

const subject = (reading) => `${reading.suite}: ${reading.name}`.slice(0, SUBJECT);
const united = (words, unit) => (unit ? `${words} ${unit}` : words);

function moved({ before, after, unit }) {
  const was = before === null ? "new" : figure(before);
  const is = after === null ? "gone" : figure(after);
  return united(`${was} → ${is}`, unit);
}

/** The frames that differ and belong to a reading, as [frame, its number]. */
function framesOf(reading, frames) {
  const belongs = (frame) => {
    if (frame.suite !== reading.suite) return false;
    if (reading.name.startsWith(`${frame.case}:`)) return true;
    return reading.name.endsWith(` in ${frame.locale}`) && reading.locale === frame.locale;
  };
  return frames.map((frame, number) => [frame, number]).filter(([frame]) => belongs(frame));
}

/**
 * The panel of changed readings. Returns {el, show(data)}; `holds(reading)` tells which of them count,
 * `onframe` is given the number of a frame to see, and `onfinding` the id of a finding to open.
 */
export function changedReadings({ holds, onframe, onfinding }) {
  const el = h("section.panel");

  function show({ run, baseline, findings }) {
    if (!run) return fill(el, noRun(baseline));
    const rows = run.changed.filter(holds);
    const some = `${rows.length} of ${run.changed.length}`;
    const count = h("span.dim.num", {}, rows.length === run.changed.length ? rows.length : some);
    const nothing = run.changed.length
      ? "Nothing changed in this cell."
      : "Every reading is as it was blessed.";
    fill(
      el,
      h("div.row", { style: { marginBottom: "6px" } }, heading("Changed readings"), count),
      Object.entries(run.failed).map(([suite, why]) => broken("div.notice", `${suite} failed: `, why)),
      Object.entries(run.skipped).map(([suite, why]) =>
        broken("div.notice.wait", `${suite} was skipped: `, why),
      ),
      rows.length
        ? h(
            "div.readings",
            {},
            rows.map((reading) => row(reading, run, findings)),
          )
        : h("p.dim", { style: { margin: 0 } }, nothing),
    );
  }
  function row(reading, run, findings) {
    const { suite, name, tolerance } = reading;
    const frames = framesOf(reading, run.frames);
    const known = findings.find((one) => one.subject === subject(reading) && one.status !== "done");
    const facts = [` · tolerance ${figure(tolerance)}`, kindOf(reading)].filter(Boolean).join(" · ");
    const reportIt = (event) => report(event.currentTarget, reading, run, frames);
    return h(
      "div.reading",
      {},
      h(
        "div",
        { style: { minWidth: 0 } },
        h("div.clip", { title: name }, h("span.dim", {}, `${suite} · `), name),
        h("div.dim.small.num", {}, h("strong", { style: { color: "var(--text)" } }, moved(reading)), facts),
      ),
      frames.length ? h("button.bare", { onclick: () => onframe(frames[0][1]) }, "See") : null,
      known
        ? h("button.bare", { onclick: () => onfinding(known.id) }, "Finding ›")
        : h("button", { onclick: reportIt }, "Report"),
    );
  }
  async function report(button, reading, run, frames) {
    const body = findingOf(reading, run, frames);
    const made = await attempt(
      button,
      () => api("POST", "/api/findings", { body, key: fresh() }),
      "Reported",
    );
    if (made) onfinding(made.data.id);
  }
  return { el, show };
}

function findingOf(reading, run, frames) {
  const { suite, name, before, after, unit, tolerance, locale, genre } = reading;
  const was = before === null ? "not at all" : figure(before);
  const is = united(after === null ? "gone" : figure(after), unit);
  const overlay = ([frame]) => ({ label: `${frame.case}, ${frame.locale}`, url: frame.diff });
  return {
    title: `${suite}: ${name}, ${moved(reading)}`.slice(0, TITLE),
    text: `Blessed ${was}, now ${is}; ${figure(tolerance)} is tolerated.`,
    locale,
    genre,
    subject: subject(reading),
    qa_run_id: run.id,
    overlays: frames.slice(0, OVERLAYS).map(overlay),
  };
}

function noRun(baseline) {
  const command = h("code", {}, "uv run editron qa regress");
  return empty(
    "The harness has not run here yet",
    h("div", {}, "Hold every reading against the baseline: ", command),
    `${baseline} readings are blessed. What changes shows here, with the frames that differ.`,
  );
}

const broken = (kind, words, why) =>
  h(kind, { style: { marginBottom: "6px" } }, h("div", {}, h("strong", {}, words), why));

/** The panel of items whose moments changed. Returns {el, show(run)}. */
export function changedMoments() {
  const el = h("section.panel");
  const kind = (line) => ({ "+": "div.plus", "-": "div.minus" })[line[0]] ?? "div";
  const item = ({ item: name, lines }) =>
    h(
      "div",
      { style: { marginBottom: "10px" } },
      h("strong", {}, name),
      h(
        "div.difflines",
        {},
        lines.map((line) => h(kind(line), {}, line)),
      ),
    );
  function show(run) {
    const items = run?.moments ?? [];
    el.style.display = items.length ? "" : "none";
    fill(el, h("h2", {}, "Moments that changed"), items.map(item));
  }
  return { el, show };
}

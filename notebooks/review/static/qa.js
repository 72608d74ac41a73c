// The QA board: what the harness read and what changed on the left; what people found, and who looks after
// it, on the right.
import { ask, endAll, failed, fill, follow, gap, h, keys, may, renew, root, say } from "./kit.js";
import { coverage } from "./qa/coverage.js";
import { findingSheet } from "./qa/finding.js";
import { findingsList } from "./qa/findings.js";
import { differingFrames } from "./qa/frames.js";
import { newFinding } from "./qa/newfinding.js";
import { changedMoments, changedReadings } from "./qa/readings.js";
import { runHead } from "./qa/run.js";

const RENEW_MS = 500;
const KINDS = /^(finding|qa|member|back)/;

/** Draw the board. */
export function render({ model, el }) {
  const place = root(el, "desk");
  let data = null;
  let run = ""; // whose frames are shown

  const open = (id) => ask(model, { finding: id });
  const leave = () => open(null);
  const dataOf = () => data;
  const head = runHead({ onchoose: chooseRun });
  const map = coverage({ onchange: narrow });
  const frames = differingFrames();
  const readings = changedReadings({ holds: map.holds, onframe: frames.see, onfinding: open });
  const moments = changedMoments();
  const create = newFinding({ dataOf, done: open });
  const list = findingsList({ model, holds: map.holds, onopen: open, oncreate: create.open });
  const sheet = findingSheet({ model, dataOf, leave, again: () => ask(model) });
  const right = h("div.stack.sticky");
  const left = gap(18, { style: { gridTemplateColumns: "minmax(0, 1fr)" } });
  const page = h(
    "main.page",
    {},
    h("div.row", {}, h("h1", {}, "QA board"), head.told, h("span.grow"), head.choice),
    h("div.split", {}, h("div.stack", left, map.el, readings.el, frames.el, moments.el), right),
  );

  function chooseRun(id) {
    map.clear();
    ask(model, { run: id });
  }
  /** Only what is in the pressed cell of the map. */
  function narrow() {
    readings.show(data);
    list.show(data);
  }
  function show(found) {
    if (found.error) {
      if (data) say(found.error, "bad");
      else failed(place, found.error, h("h1", {}, "QA board"));
      return;
    }
    data = found;
    const now = data.run?.id ?? "";
    if (now !== run) frames.start();
    run = now;
    if (!page.isConnected) fill(place, page, create.el);
    head.show(data);
    map.show(data.map);
    readings.show(data);
    frames.show(data.run);
    moments.show(data.run);
    right.classList.toggle("first", !!data.chosen);
    if (data.chosen) showFinding(data.chosen);
    else showList();
  }
  function showFinding(finding) {
    sheet.show(finding);
    if (sheet.el.isConnected) return;
    fill(right, sheet.el);
    // On a narrow page it stands above all else.
    if (matchMedia("(max-width: 1000px)").matches) page.scrollIntoView();
  }
  function showList() {
    list.show(data);
    if (!list.el.isConnected) fill(right, list.el);
  }

  const stopData = follow(model, "data", show);
  const stopLive = renew(model, (event) => KINDS.test(event.kind), RENEW_MS);
  const stopKeys = keys(place, {
    n: ["a new finding", () => may(model, "reviewer") && create.open()],
    "/": ["search findings", () => list.search.focus()],
    j: ["the next frame that differs", () => frames.step(1)],
    k: ["the frame before", () => frames.step(-1)],
    d: ["slider or difference", frames.turn],
    Escape: ["back to all findings", leave],
  });
  return endAll(stopData, stopLive, stopKeys);
}

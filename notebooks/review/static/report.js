// The analysis of a batch: a file in full, the moments, and what to make of them.
import {
  about,
  appLink,
  ask,
  chip,
  empty,
  endAll,
  failed,
  fill,
  follow,
  gap,
  h,
  heading,
  keys,
  onePage,
  renew,
  root,
  toBatches,
  yieldKeys,
} from "./kit.js";
import { aboutBatch, engines } from "./report/facts.js";
import { filesPanel } from "./report/files.js";
import { heroCards } from "./report/heroes.js";
import { lanes } from "./report/lanes.js";
import { words } from "./report/words.js";
import { rowsOf } from "./widgets/grid.js";
import { player, playerKeys } from "./widgets/player.js";

const RENEW_MS = 1200;

/** Draw the report. */
export function render({ model, el }) {
  const place = root(el, "desk");
  let data = null;
  let files = [];
  let version = ""; // of the list of files: it is sent again only when it is another
  let chosen = null; // the number of a moment
  let played = ""; // what the player and the transcript were last given
  let said = "";

  const play = player({ label: "The file" });
  const transcript = words({ onseek: play.seek });
  const finer = (from, to, columns) => ask(model, { known: version, file: data.file?.id, from, to, columns });
  const chart = lanes({ onseek: play.seek, onmoment: open, onrange: finer });
  const heroes = heroCards({ onopen: open });
  const list = filesPanel({ onopen: (row) => choose(row.id) });
  const title = h("h1.grow.clip");
  const state = h("div.row");
  const summary = h("p.dim", { style: { margin: 0, maxWidth: "110ch" } });
  const problem = h("div");
  const name = h("div.row", { style: { minHeight: "28px" } });
  const told = h("span.small.dim");
  const side = h("div.stack");
  const chartPanel = h("div.panel", {}, chart.el);
  const page = h(
    "main.page",
    {},
    h("div.row", {}, title, state),
    summary,
    problem,
    h(
      "div.split",
      {},
      h("div.panel.stack", gap(8), name, play.el),
      h("div.panel.stack", gap(8), h("div.row", {}, heading("What is said"), told), transcript.el),
    ),
    chartPanel,
    h(
      "div.thirds",
      {},
      h("div.stack", {}, h("section", {}, h("h2", {}, "Hero moments"), heroes.el), list.el),
      side,
    ),
  );

  const choose = (file, more = {}) => ask(model, { known: version, file, from: null, to: null, ...more });
  function open(moment) {
    chosen = moment.number;
    if (data.file?.id !== moment.file) {
      choose(moment.file, { moment: moment.number });
      return;
    }
    play.seek(moment.start);
    play.play();
    heroes.mark(chosen);
  }
  function openNext(by) {
    const moments = data?.moments ?? [];
    const at = moments.findIndex((moment) => moment.number === chosen);
    if (moments.length) open(moments[(at + by + moments.length) % moments.length]);
  }

  function show(found) {
    if (found.error) return failed(place, found.error);
    if (found.nothing) return onePage(place, nothingYet());
    const before = data?.file?.id;
    data = found;
    if (found.files) {
      files = rowsOf(found.files);
      version = found.version;
    }
    if (!page.isConnected) fill(place, page);
    showBatch(data.batch);
    if (data.file) showFile(data.file);
    showChart();
    if (before !== data.file?.id || !heroes.el.children.length) showMoments();
    heroes.mark(chosen);
    fill(side, aboutBatch(data.batch), data.file?.seen ? engines(data.file) : null);
    list.show(files, data.file?.id);
    if (data.later) ask(model, { full: true });
  }
  function showBatch(batch) {
    const usable = `${batch.files - batch.failed} of ${batch.files} files usable`;
    const review = appLink("moments", { batch: batch.id });
    fill(title, batch.name);
    fill(
      state,
      chip(batch.state),
      h("span.small.dim.num", {}, usable),
      batch.analysed ? h("a.button", { href: review }, "Review the cuts") : null,
    );
    fill(summary, summaryOf(batch));
  }
  function showFile(file) {
    const failing = file.state === "failed" ? chip("failed") : null;
    fill(name, h("strong.clip", {}, file.name), h("span.small.dim.clip", {}, file.told), failing);
    const error = h("div.notice", { role: "alert" }, h("div", {}, `${file.name}: ${file.error}`));
    const notes = file.notes.map((line) => h("div.notice.wait", {}, line));
    fill(problem, file.error ? error : null, notes);
    const key = `${file.id} ${file.seen}`;
    if (key !== played) {
      played = key;
      play.open(source(file));
    }
    const heard = `${key} ${!!file.transcript}`;
    if (heard !== said) {
      said = heard;
      told.textContent = file.transcript ? transcribedBy(file.transcript) : "";
      transcript.show(file.seen ? file.transcript : null);
    }
  }
  function showChart() {
    const { file } = data;
    chartPanel.hidden = !file?.seen;
    if (!file?.seen) return;
    const moments = data.moments.filter((moment) => moment.file === file.id);
    const { signals, seconds, shots, peaks } = file;
    chart.show({ file: file.id, signals, seconds, shots, peaks, moments });
  }
  function showMoments() {
    const { batch, file, moments } = data;
    heroes.show(moments, noMoment(batch));
    const wanted = model.get("query").moment;
    const moment = moments.find((one) => wanted && one.number === wanted && one.file === file?.id);
    if (!moment) return;
    chosen = moment.number;
    play.seek(moment.start);
  }

  play.hear((at) => {
    transcript.follow(at);
    chart.head(at);
  });
  yieldKeys(page);
  const concerns = (event) => about(event, data?.batch?.id, /^(batch|file|stage|session)/);
  const stopData = follow(model, "data", show);
  const stopLive = renew(model, concerns, RENEW_MS, () => ({ known: version }));
  const stopKeys = keys(place, {
    ...playerKeys(play),
    n: ["next moment", () => openNext(1)],
    p: ["moment before", () => openNext(-1)],
    "+": ["zoom in", () => chart.zoom(0.5)],
    "-": ["zoom out", () => chart.zoom(2)],
    0: ["the whole file", () => data?.file && chart.view(0, data.file.seconds)],
    "/": ["find a file", () => list.search.focus()],
  });
  return endAll(stopData, stopLive, stopKeys, chart.stop, transcript.stop, play.stop);
}

const nothingYet = () =>
  empty(
    "Nothing has arrived yet",
    "Start a run from the batches, or draw the sample footage:",
    h("code", {}, "uv run editron demo"),
    toBatches(),
  );

function noMoment(batch) {
  if (batch.analysed) return empty("No moment passed", batch.summary);
  return empty("No moments yet", "They are chosen when all files are analysed.");
}

function summaryOf(batch) {
  if (batch.summary) return batch.summary;
  if (batch.status === "failed") return batch.error ?? "Nothing of it could be used.";
  return "It is not analysed yet. This page fills itself as the stages finish.";
}

/** What the player plays of a file, or why there is nothing to play. */
function source(file) {
  if (!file.seen) return { why: file.error ?? file.unseen };
  const why = file.picture
    ? "The copy for playing is missing. Analyse the file again to make it."
    : "This file has no picture. Its sound was heard all the same.";
  const url = file.proxy ? `/api/files/${file.id}/proxy` : null;
  return { url, fps: file.fps, length: file.seconds, why };
}

function transcribedBy({ language, source, aligned }) {
  return `${language} · ${source}${aligned ? "" : " · word times guessed"}`;
}

// The reviewer's desk: play a cut, sign it off, or change it.
import {
  about,
  appLink,
  ask,
  beside,
  clamp,
  clock,
  empty,
  endAll,
  failed,
  fill,
  follow,
  gap,
  h,
  keys,
  may,
  onePage,
  renew,
  root,
  toBatches,
  yieldKeys,
} from "./kit.js";
import { bench } from "./moments/bench.js";
import { changes } from "./moments/changes.js";
import { cutList } from "./moments/cutlist.js";
import { deskKeys } from "./moments/deskkeys.js";
import { players } from "./moments/players.js";
import { rejecting } from "./moments/rejecting.js";
import { strip } from "./moments/strip.js";
import { trimmer } from "./moments/trim.js";
import { historyPanel, verdictPanel } from "./moments/verdict.js";
import { changedHow, standing } from "./moments/words.js";

const RENEW_MS = 700;

/** Draw the desk. */
export function render({ model, el }) {
  const place = root(el, "desk");
  /**
   * What is shown: all of the batch, the chosen cut in short and in full, and the number of its chosen clip.
   */
  const desk = { may: may(model, "reviewer"), data: null, cut: null, full: null, chosen: 0 };
  desk.clip = () => desk.full?.clips[desk.chosen] ?? null;

  const view = players({ desk, onbeside: (beside) => ask(model, { beside }) });
  const { play } = view;
  const trim = trimmer({ onseek: seekInFile, onchange: () => tools.draw() });
  const button = (verb) => page.querySelector(`[data-verb="${verb}"]`);
  const change = changes({ model, desk, trim, play, button, toClip });
  const tools = bench({ desk, trim, changes: change });
  const cuts = cutList({ onchoose: chooseCut });
  const clips = strip({ onchoose: toClip });
  const sheet = rejecting({ desk, refuse: change.refuse });
  const title = h("h1.grow.clip");
  const head = h("div.row");
  const notice = h("div.stack", gap(8));
  const facts = h("div.small.dim", { style: { minHeight: "40px" } });
  const side = h("div.stack");
  const middle = h(
    "div.stack",
    {},
    h("div.panel.stack", gap(10), head, view.el, clips.el, facts),
    h("div.panel.stack", gap(10), tools.el, trim.el),
  );
  const page = h(
    "main.page",
    {},
    h("div.row", {}, title, beside("Compare with", view.pick)),
    notice,
    h("div.desk", {}, cuts.el, middle, side),
    sheet.el,
  );
  let drawn = { hash: "", timeline: "" }; // the cut that the players and the strip hold

  function chooseCut(key) {
    const [session, timeline] = key.split(/\/(.*)/);
    desk.chosen = 0;
    ask(model, { session, timeline });
  }
  function chooseNext(by) {
    const all = desk.data?.cuts ?? [];
    const at = all.findIndex((cut) => cut.key === desk.cut?.key);
    if (all.length) chooseCut(all[(at + by + all.length) % all.length].key);
  }
  function toClip(index) {
    if (!desk.full?.clips[index]) return;
    trim.reset();
    desk.chosen = index;
    showClip();
    play.seek(desk.clip().at);
  }
  /** Go to a time of the chosen clip's file: as near as the clip comes to it. */
  function seekInFile(t) {
    const clip = desk.clip();
    if (!clip) return;
    play.stop();
    play.seek(clip.at + clamp(t, clip.from, clip.to - 1 / desk.full.rate) - clip.from);
    trim.head(t);
  }
  function followPlayhead(t) {
    if (!desk.full) return;
    const at = play.clip();
    if (at !== desk.chosen && !trim.dirty()) {
      desk.chosen = at;
      showClip();
    }
    const clip = desk.clip();
    if (at === desk.chosen && clip) trim.head(clip.from + t - clip.at);
    clips.head(t / Math.max(0.01, desk.cut.seconds));
  }
  function reject() {
    if (!desk.cut || !desk.may) return;
    play.stop();
    sheet.open();
  }

  function show(found) {
    if (found.error) return failed(place, found.error);
    if (found.nothing) return onePage(place, nothingYet());
    desk.data = found;
    desk.full = found.cut;
    desk.cut = found.cuts.find((cut) => cut.key === found.cut?.key) ?? null;
    if (!page.isConnected) {
      fill(place, page);
      keysOn();
    }
    fill(title, found.batch.name);
    cuts.show(found.cuts, desk.cut);
    middle.hidden = !desk.cut;
    if (desk.cut) showCut();
    else showNoCut();
  }
  function showNoCut() {
    fill(side);
    fill(head);
    fill(notice, noCutYet(desk.data.batch));
  }
  function showCut() {
    const { cut, full } = desk;
    fill(
      head,
      h("strong.grow.clip", {}, cut.timeline),
      standing(cut),
      h("button.bare.small", { onclick: view.playClip, title: "C" }, "Play clip"),
      h("button.bare.small", { onclick: view.playCut, title: "Home" }, "Play cut"),
    );
    if (drawn.hash !== cut.hash) {
      desk.chosen = Math.min(desk.chosen, full.clips.length - 1);
      view.load(full, drawn.timeline === cut.timeline ? play.time() : 0);
      drawn = cut;
      clips.show(full.clips);
    }
    view.offer();
    fill(notice, lostApproval(cut));
    const verdict = verdictPanel({ model, desk, changes: change, onreject: reject });
    fill(side, verdict, historyPanel(desk));
    showClip();
  }
  function showClip() {
    const { full, cut, chosen } = desk;
    const clip = desk.clip();
    clips.choose(chosen);
    trim.show(clip && { ...clip, key: `${full.key} ${cut.hash} ${chosen}`, rate: full.rate });
    fill(facts, clip && clipFacts(clip, `Clip ${chosen + 1} of ${full.clips.length}`));
    tools.draw();
  }

  let stopKeys = () => {};
  function keysOn() {
    stopKeys();
    const table = deskKeys({ desk, trim, view, changes: change, toClip, chooseNext, reject });
    stopKeys = keys(place, table);
  }
  play.hear(followPlayhead);
  yieldKeys(page);
  const concerns = (event) => about(event, desk.data?.batch?.id, /^(decision|session|caption)/);
  const stopData = follow(model, "data", show);
  const stopLive = renew(model, concerns, RENEW_MS);
  return endAll(stopData, stopLive, () => stopKeys(), view.stop, trim.stop);
}

const nothingYet = () =>
  empty(
    "Nothing to review yet",
    "Start a run from the batches; its cuts wait here when it is done.",
    toBatches(),
  );

function noCutYet(batch) {
  const why =
    batch.status === "failed"
      ? "None of its files could be used."
      : "They are made when the analysis is done.";
  const analysis = h("a.button", { href: appLink("report", { batch: batch.id }) }, "See the analysis");
  return empty("No cuts yet", why, analysis);
}

/** Who had approved a cut that was changed since is told so, for they have to look again. */
function lostApproval({ lost, standing, changed }) {
  if (!lost.length || standing === "approved") return null;
  const by = changed ? ` by ${changed.author}` : "";
  const words = `${lost.join(" and ")} had approved this cut before it was ${changedHow(changed?.how)}${by}.`;
  const why = "That approval no longer counts: it was for another cut.";
  return h("div.notice.wait", { role: "status" }, h("div", {}, `${words} ${why}`));
}

function clipFacts(clip, number) {
  const score = clip.score === null ? "" : ` · ${clip.score.toFixed(2)}`;
  const span = ` · ${clip.name} · ${clock(clip.from)} to ${clock(clip.to)}`;
  const strong = h("strong", { style: { color: "var(--text)" } }, number);
  return [h("div", {}, strong, span, score), h("div", {}, clip.reason)];
}

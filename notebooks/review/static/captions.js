// The lines of a file's captions, edited by hand, and a frame of a deliverable as the export draws it.
import {
  about,
  api,
  appLink,
  ask,
  attempt,
  beside,
  chip,
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
  options,
  renew,
  root,
  say,
  toBatches,
  yieldKeys,
} from "./kit.js";
import { bar } from "./captions/bar.js";
import { lineList } from "./captions/linelist.js";
import { preview } from "./captions/preview.js";
import { Script } from "./captions/script.js";
import { wave } from "./captions/wave.js";
import { player, playerKeys } from "./widgets/player.js";

const RENEW_MS = 900;
const STANDING = { approved: "signed", rejected: "rejected", unsigned: "to review" };

/** Draw the editor. */
export function render({ model, el }) {
  const place = root(el, "desk");
  let data = null;

  const script = new Script({ may: may(model, "reviewer"), onchange: drawLines });
  const play = player({ label: "The file" });
  const head = () => Math.round(play.time() * 1000);
  const split = (caret) => script.split(head(), caret);
  const seen = preview({ model, script, play });
  const desk = { choose, split, save, typed, seek: play.seek, why: () => data?.file?.unseen };
  const list = lineList({ script, desk });
  const sound = wave({ script, play, onchoose: choose, ondropped: seen.draw });
  const title = h("h1.grow.clip");
  const another = () => ask(model, { file: file.value }); // a draft waits until its file is opened again
  const file = h("select", { "aria-label": "File", onchange: another });
  const acts = {
    split: () => split(),
    merge: () => script.merge(),
    add,
    remove: () => script.remove(),
    save,
  };
  const buttons = bar({ script, acts, fileOf: () => data?.file });
  const notice = h("div.stack", gap(8));
  const caption = h("div.caption");
  play.stage.append(caption);
  const reach = h("ul.facts");
  const page = h(
    "main.page",
    {},
    h("div.row", {}, title, beside("File", file), buttons.saving),
    notice,
    h(
      "div.words2",
      {},
      h("div.panel.stack", gap(10), buttons.tools, list.el),
      h("div.stack", {}, h("div.panel.stack", gap(10), play.el, sound.el)),
      h("div.stack", {}, seen.el, h("div.panel", {}, h("h2", {}, "What your changes reach"), reach)),
    ),
  );

  function drawLines() {
    buttons.draw();
    list.draw(true);
    sound.draw();
    showCaption();
  }
  /** Somebody types into the chosen line. */
  function typed() {
    buttons.draw();
    showCaption();
    seen.draw();
  }
  function choose(number, reveal = true) {
    if (!script.lines[number]) return;
    script.at = number;
    if (reveal) list.reveal();
    list.draw();
    buttons.draw();
    sound.draw();
    seen.draw();
  }
  function chooseAndSeek(number) {
    choose(number);
    if (script.chosen) play.seek(script.chosen.start / 1000);
  }
  function add() {
    if (script.add(head())) list.edit(script.at);
  }
  function showCaption() {
    const words = script.lines[script.numberAt(play.time() * 1000)]?.text ?? "";
    if (caption.textContent !== words) caption.textContent = words;
  }
  async function save() {
    if (!script.dirty || !script.may) return;
    const lines = script.copy();
    const bare = lines.find((line) => !line.text.trim());
    if (bare) {
      say(`The line at ${clock(bare.start / 1000)} holds no word: write one or delete it.`, "bad");
      return;
    }
    const request = { body: { lines }, etag: `"${script.version}"` };
    const found = await attempt(buttons.save, () =>
      api("PUT", `/api/files/${data.file.id}/captions`, request),
    );
    if (found) {
      script.sent(lines, found.data.version);
      say(savedWords(found.data.sessions.length));
    }
    ask(model, { file: data.file.id });
  }

  function show(found) {
    if (found.error) return failed(place, found.error);
    data = found.nothing ? null : found;
    if (!data?.file) return onePage(place, nothingYet(data));
    if (!page.isConnected) {
      fill(place, page);
      keysOn();
    }
    fill(title, data.batch.name);
    const { id, name } = data.files;
    fill(
      file,
      options(
        id.map((one, i) => [one, name[i]]),
        data.file.id,
      ),
    );
    openFile();
    showNotice();
    seen.show(data);
    fill(reach, reached(data));
    drawLines();
    seen.draw();
  }
  function openFile() {
    const opened = script.open(data.file);
    if (opened !== "kept") play.open(source(data.file), opened === "anew" ? play.time() : 0);
    sound.show(data.file);
  }
  function showNotice() {
    if (!script.theirs) return fill(notice);
    const settle = (how) => () => {
      how();
      show(data);
      script.touched();
    };
    const who = script.theirs.author || "Somebody";
    const words = `${who} changed these captions meanwhile. What you typed is kept.`;
    const mine = h("button", { onclick: settle(() => script.keepMine()) }, "Keep mine");
    const theirs = h("button", { onclick: settle(() => script.takeTheirs()) }, "Take theirs");
    fill(notice, h("div.notice.wait", { role: "alert" }, h("div.grow", {}, words), mine, theirs));
  }

  let stopKeys = () => {};
  function keysOn() {
    stopKeys();
    stopKeys = keys(place, {
      ...playerKeys(play),
      ArrowUp: ["line before", () => chooseAndSeek(script.at - 1)],
      ArrowDown: ["next line", () => chooseAndSeek(script.at + 1)],
      e: ["edit the text (Enter: next line; Ctrl Enter: split; Escape: done)", () => list.edit(script.at)],
      i: ["in: the line begins at the playhead", () => script.mark("start", head())],
      o: ["out: the line ends at the playhead", () => script.mark("end", head())],
      s: ["split the line at the playhead", () => split()],
      m: ["merge with the next line", acts.merge],
      n: ["a new line at the playhead", add],
      Delete: ["delete the line", acts.remove],
      u: ["undo", () => script.undo()],
      w: ["write: save the captions", save],
      p: ["try the next preset", seen.nextLook],
    });
  }
  let followed = -1;
  play.hear((now) => {
    sound.follow(now);
    showCaption();
    const number = script.numberAt(now * 1000);
    if (number < 0 || number === followed || !play.playing()) return;
    followed = number;
    choose(number);
  });
  yieldKeys(page);
  const concerns = (event) => about(event, data?.batch?.id, /^(caption|session|decision|file)/);
  const stopData = follow(model, "data", show);
  const stopLive = renew(model, concerns, RENEW_MS, () => ({ file: data?.file?.id ?? null }));
  return endAll(stopData, stopLive, () => stopKeys(), list.stop, sound.stop, seen.stop, play.stop);
}

function nothingYet(data) {
  const why = data
    ? "No file of this batch is analysed yet. This page fills itself when one is."
    : "Start a run from the batches.";
  return empty("Nothing to caption yet", why, toBatches());
}

function source({ url, fps, seconds, unseen }) {
  if (url) return { url, fps, length: seconds };
  return { why: unseen ?? "The copy for playing is missing. The lines can be edited all the same." };
}

function savedWords(sessions) {
  if (!sessions) return "Saved. No cut shows what you changed.";
  const sets = sessions === 1 ? "set of cuts is" : "sets of cuts are";
  return `Saved. ${sessions} ${sets} captioned anew, to be signed again.`;
}

/** The cuts that show the file, and the way to them. */
function reached({ cuts, batch }) {
  if (!cuts.length) return h("li", {}, "No cut shows this file.");
  const cut = ({ timeline, aspects, standing }) => {
    const name = h("span.grow", {}, timeline, h("span.dim.small", {}, ` ${aspects.join(" ")}`));
    const state = standing === "unsigned" ? "ready_for_review" : standing;
    return h("li", {}, h("div.row", {}, name, chip(state, STANDING[standing])));
  };
  const review = h("a", { href: appLink("moments", { batch: batch.id }) }, "Review them");
  return [cuts.map(cut), h("li", {}, review)];
}

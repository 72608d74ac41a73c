// What can be said about a cut, and what was said so far.
import { ago, appLink, gap, h, heading } from "../kit.js";
import { ruleLine } from "./rule.js";
import { changedHow, SAID } from "./words.js";

const centred = { justifyContent: "center" };

/** The panel with approve, reject and undo. */
export function verdictPanel({ model, desk, changes, onreject }) {
  const { cut, data, may } = desk;
  const mine = cut.mine === "approve";
  const approve = { "data-verb": "approve", disabled: !may || mine, onclick: changes.approve, title: "A" };
  const reject = { disabled: !may, onclick: onreject, title: "R" };
  const undo = { disabled: !may || !(cut.mine || cut.undo), onclick: changes.undo, title: "U" };
  const captions = appLink("captions", { batch: data.batch.id, file: desk.clip()?.file });
  return h(
    "div.panel.stack",
    gap(10),
    h(
      "div.row",
      {},
      h("button.main.grow", { ...approve, style: centred }, mine ? "You approved it" : "Approve"),
      h("button.bad.grow", { ...reject, style: centred }, "Reject…"),
    ),
    h("button", { "data-verb": "undo", ...undo, style: centred }, undoWords(cut)),
    h("div.stack.small", gap(6), h("div", {}, standingWords(cut, data.rule.names)), ruleLine(model, desk)),
    h(
      "div.small.dim",
      {},
      "A word counts for exactly this cut: ",
      h("code", { title: cut.hash }, cut.hash.slice(0, 10)),
    ),
    h(
      "div.row",
      {},
      h("a.button.bare.small", { href: captions }, "Edit captions"),
      h("span.small.dim", {}, h("kbd", {}, "?"), " keys"),
    ),
  );
}

function undoWords(cut) {
  if (cut.mine) return `Take back: I ${SAID[cut.mine]} it`;
  return cut.undo ? `Undo: it was ${changedHow(cut.changed?.how)}` : "Undo";
}

function standingWords({ rejected, approved, missing }, names) {
  if (rejected.length) return `Rejected by ${rejected.join(", ")}.`;
  if (!missing) return `Signed off by ${approved.join(", ")}.`;
  const so = approved.length ? `Approved by ${approved.join(", ")}; ` : "";
  const left = names.filter((name) => !approved.includes(name));
  const from = names.length ? `, from ${left.join(" or ")}` : "";
  return `${so}${missing} more ${missing === 1 ? "approval is" : "approvals are"} needed${from}.`;
}

/** The panel with all that was said about a cut, and how it was changed. */
export function historyPanel({ cut }) {
  const nothing = "Nobody has said anything about this cut yet.";
  const facts = [cut.decisions.map(decision), cut.changed ? change(cut.changed) : null];
  return h(
    "div.panel.stack",
    gap(8),
    heading("What was said"),
    cut.decisions.length || cut.changed
      ? h("ul.facts", {}, facts)
      : h("p.small.dim", { style: { margin: 0 } }, nothing),
  );
}

function decision({ author, verdict, withdrawn, at, note }) {
  const back = withdrawn ? ", and took it back" : "";
  const when = h("span.small.dim", { title: at }, ` · ${ago(at)}`);
  return h(
    "li",
    { style: { opacity: withdrawn ? 0.55 : 1 } },
    h("span", {}, h("strong", {}, author), ` ${SAID[verdict] ?? verdict}`, back, when),
    note ? h("span.small.dim", {}, note) : null,
  );
}

function change({ author, how, at }) {
  const when = h("span.small.dim", {}, ` · ${ago(at)}`);
  const words = ` changed it: ${changedHow(how, how)}`;
  return h("li.warn", {}, h("span", {}, h("strong", {}, author), words, when));
}

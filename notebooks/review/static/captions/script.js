// The lines of a file's captions while they are edited: what can be done to them, undone, and kept unsent.
import { clamp, draft, say } from "../kit.js";

const LEAST_MS = 200;
const NEW_MS = 2000;
const UNDOS = 200;

const copied = (lines) => lines.map((line) => ({ ...line }));
const same = (some, others) => JSON.stringify(some) === JSON.stringify(others);

/** Lines are {start, end, text}, in milliseconds of the file; `onchange()` is called after every change. */
export class Script {
  lines = [];
  /** Number of the chosen line. */
  at = 0;
  /** What the lines were changed from, and the version that the server knows that by. */
  saved = [];
  version = "";
  /** What somebody else saved meanwhile: {version, lines, author}, or null. */
  theirs = null;
  #file = null;
  #opened = ""; // which version of which file these lines are about
  #past = [];
  #typed = null; // the lines before somebody began to type

  constructor({ may, onchange }) {
    this.may = may;
    this.onchange = onchange;
  }

  get chosen() {
    return this.lines[this.at];
  }
  get dirty() {
    return !same(this.lines, this.saved);
  }
  get undoable() {
    return this.#past.length > 0;
  }

  /** The lines as they are now, to be kept or sent. */
  copy() {
    return copied(this.lines);
  }
  /** Number of the line that is shown at a time of the file, or -1. */
  numberAt(ms) {
    return this.lines.findIndex((line) => line.start <= ms && ms < line.end);
  }

  // What comes from the server and goes there.

  /**
   * Take a file as the server has it. Returns "kept" where nothing is new or what was typed goes before,
   * "anew" for a newer version, and "other" for another file.
   */
  open(file) {
    this.#file = file;
    const opened = `${file.id} ${file.version}`;
    if (opened === this.#opened) return "kept";
    const again = this.#opened.split(" ")[0] === file.id;
    const { start, end, text } = file.lines;
    const lines = text.map((words, i) => ({ start: start[i], end: end[i], text: words }));
    const found = { version: file.version, lines, author: file.author };
    this.#opened = opened;
    if (again && this.dirty) {
      this.theirs = found;
      return "kept";
    }
    this.#take(found);
    this.#past = [];
    this.#takeDraft(found);
    if (!again) this.at = 0;
    return again ? "anew" : "other";
  }
  /** Whoever goes on from here saves over theirs. */
  keepMine() {
    const { version, lines } = this.theirs;
    Object.assign(this, { version, saved: lines, theirs: null });
  }
  takeTheirs() {
    this.begin();
    this.#take(this.theirs);
  }
  /** The server has these lines now, by this version. */
  sent(lines, version) {
    draft.set(this.#draftName, "");
    Object.assign(this, { saved: lines, version, theirs: null });
    this.#past = [];
    this.#opened = ""; // what comes next is opened as it is
  }
  #take({ version, lines }) {
    Object.assign(this, { version, saved: lines, lines: copied(lines), theirs: null });
  }
  #takeDraft(found) {
    const mine = draft.parsed(this.#draftName);
    if (!mine) return;
    this.lines = mine.lines;
    if (mine.version !== found.version) this.theirs = found;
  }
  get #draftName() {
    return `captions ${this.#file?.id}`;
  }
  keepDraft() {
    const { version, lines } = this;
    draft.set(this.#draftName, this.dirty ? JSON.stringify({ version, lines }) : "");
  }

  // Changes, each of which can be undone.

  /** Remember how the lines are, before they change. */
  begin(lines = this.copy()) {
    this.#past.push(lines);
    if (this.#past.length > UNDOS) this.#past.shift();
  }
  touched() {
    this.keepDraft();
    this.at = clamp(this.at, 0, this.lines.length - 1);
    this.onchange();
  }
  change(what) {
    this.begin();
    what();
    this.touched();
  }
  undo() {
    const before = this.#past.pop();
    if (!before) {
      say("There is nothing to undo.");
      return;
    }
    this.lines = before;
    this.touched();
  }
  /** All that is typed into a line until it is left is one change. */
  beginTyping() {
    this.#typed = this.copy();
  }
  endTyping() {
    if (this.#typed && !same(this.#typed, this.lines)) this.begin(this.#typed);
    this.#typed = null;
    this.touched();
  }
  /** What was typed belongs to the change that comes now. */
  dropTyping() {
    this.#typed = null;
  }

  // What is done to the chosen line; `head` is where the playhead stands, in milliseconds.

  /** Move the start or the end of a line, as far as its neighbours let it. */
  move(line, which, ms) {
    const index = this.lines.indexOf(line);
    const first = this.lines[index - 1]?.end ?? 0;
    const last = this.lines[index + 1]?.start ?? this.#end;
    if (which === "start") line.start = clamp(ms, first, line.end - LEAST_MS);
    else line.end = Math.min(last, Math.max(ms, line.start + LEAST_MS));
  }
  mark(which, head) {
    if (this.chosen && this.may) this.change(() => this.move(this.chosen, which, head));
  }
  /** Split the chosen line at the caret, or, without one, near where the playhead is in its words. */
  split(head, caret = 0) {
    const line = this.chosen;
    if (!line || !this.may) return;
    const inside = head > line.start && head < line.end;
    const share = inside ? (head - line.start) / (line.end - line.start) : 0.5;
    const cut = caret > 0 && caret < line.text.length ? caret : wordGap(line.text, share);
    const [first, second] = [line.text.slice(0, cut).trim(), line.text.slice(cut).trim()];
    if (!first || !second || line.end - line.start < 2 * LEAST_MS) {
      say("This line is too short to be split.");
      return;
    }
    const said = first.length / (first.length + second.length);
    const seam = inside ? head : Math.round(line.start + (line.end - line.start) * said);
    const middle = clamp(seam, line.start + LEAST_MS, line.end - LEAST_MS);
    const parts = [
      { start: line.start, end: middle, text: first },
      { start: middle, end: line.end, text: second },
    ];
    this.change(() => this.lines.splice(this.at, 1, ...parts));
  }
  /** Make one line of the chosen one and the next. */
  merge() {
    const next = this.lines[this.at + 1];
    if (!this.chosen || !next || !this.may) return;
    const { start, text } = this.chosen;
    const both = { start, end: next.end, text: `${text} ${next.text}`.trim() };
    this.change(() => this.lines.splice(this.at, 2, both));
  }
  remove() {
    if (this.chosen && this.may) this.change(() => this.lines.splice(this.at, 1));
  }
  /** A new line at the playhead; returns whether there was room. */
  add(head) {
    if (!this.may) return false;
    const after = this.lines.findIndex((line) => line.end > head);
    const index = after < 0 ? this.lines.length : after;
    const start = Math.max(this.lines[index - 1]?.end ?? 0, head);
    const room = (this.lines[index]?.start ?? this.#end) - start;
    if (room < LEAST_MS) {
      say("There is no room here: another line stands at the playhead.");
      return false;
    }
    this.change(() => {
      this.lines.splice(index, 0, { start, end: start + Math.min(room, NEW_MS), text: "" });
      this.at = index;
    });
    return true;
  }
  get #end() {
    return Math.round(this.#file.seconds * 1000);
  }
}

/** Where between two words a text is nearest to be split at this share of it. */
function wordGap(text, share) {
  const goal = Math.round(text.length * share);
  const gaps = [...text.matchAll(/\s+/g)].map((found) => found.index);
  return gaps.sort((a, b) => Math.abs(a - goal) - Math.abs(b - goal))[0] ?? goal;
}

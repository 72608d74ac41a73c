// The lines in a list, in which they are typed. Only those in sight exist, so that hours of talk stay quick.
import { busy, clock, empty, fill, h, onceAFrame, say } from "../kit.js";

const ROW = 60;
const SPARE = 6;
const FAST = 17; // characters a second that are hard to read
const TOO_FAST = 20;
const ENDS = ["start", "end"];
const NOBODY = "Nobody speaks in this file, or nobody could write it down. Add a line where the playhead is.";

const stamp = (ms) => clock(ms / 1000, 2);

/**
 * A list of the lines of a script. Returns {el, draw(anew), reveal(), edit(number, caret), stop()};
 * `draw(true)` also renews what stands in the fields. `desk` is what a line asks of the page around it:
 * {choose(number, reveal), split(caret), save(), typed(), seek(s), why()}.
 */
export function lineList({ script, desk }) {
  const body = h("div", { style: { position: "relative" } });
  const el = h("div.linelist", { role: "listbox", "aria-label": "Lines", tabindex: 0 }, body);
  const rows = new WeakMap(); // by line

  function draw(anew = false) {
    const { lines } = script;
    if (!lines.length) {
      fill(body, empty("No lines", desk.why() ?? NOBODY));
      body.style.height = "auto";
      return;
    }
    body.style.height = `${lines.length * ROW}px`;
    const first = Math.max(0, Math.floor(el.scrollTop / ROW) - SPARE);
    const end = Math.ceil((el.scrollTop + (el.clientHeight || 600)) / ROW) + SPARE;
    const wanted = lines.slice(first, end).map((line, i) => drawn(line, first + i, anew));
    const gone = [...body.children].filter((row) => !wanted.includes(row));
    // A field is left before it goes: else it would tell in the midst of going, and all be drawn anew meanwhile.
    for (const row of gone) if (busy(row)) row.getRootNode().activeElement.blur();
    for (const row of gone) row.remove();
    // What stays is not taken out and put in again: a field that is typed into would lose the caret.
    for (const row of wanted) if (row.parentElement !== body) body.append(row);
  }
  function drawn(line, number, anew) {
    if (!rows.has(line)) rows.set(line, lineRow({ line, script, desk, typing }));
    const row = rows.get(line);
    row.el.style.top = `${number * ROW}px`;
    row.el.setAttribute("aria-selected", String(number === script.at));
    if (anew) row.renew();
    row.rate();
    return row.el;
  }
  /** Scroll to the chosen line where it is out of sight. */
  function reveal() {
    const top = script.at * ROW;
    const inSight = top >= el.scrollTop && top + ROW <= el.scrollTop + el.clientHeight;
    if (!inSight) el.scrollTop = top - el.clientHeight / 3;
  }
  /** Type into a line from now on: at once, for the next key is text. */
  function edit(number, caret = null) {
    if (!script.lines[number]) return;
    desk.choose(number);
    const field = rows.get(script.lines[number])?.text;
    field?.focus();
    if (caret !== null) field?.setSelectionRange(caret, caret);
  }

  /** What keys do in the text of a line. */
  function typing(event, line, field) {
    const number = script.lines.indexOf(line);
    const command = event.ctrlKey || event.metaKey;
    const atFront = !field.selectionStart && !field.selectionEnd;
    const acts = {
      Enter: () => (command ? splitAt(field.selectionStart) : edit(number + 1)),
      ArrowDown: () => edit(number + 1),
      ArrowUp: () => edit(number - 1),
      Backspace: atFront && number ? () => joinBefore(number) : null,
      Escape: () => leave(field),
      s: command ? () => leave(field, desk.save) : null,
    };
    const act = Object.hasOwn(acts, event.key) ? acts[event.key] : null;
    if (!act) return;
    event.preventDefault();
    act();
  }
  function splitAt(caret) {
    script.dropTyping();
    desk.split(caret);
  }
  function joinBefore(number) {
    script.dropTyping();
    script.at = number - 1;
    const caret = script.chosen.text.length + 1;
    script.merge();
    edit(script.at, caret);
  }
  function leave(field, then = () => el.focus()) {
    field.blur();
    then();
  }

  el.addEventListener("scroll", onceAFrame(draw), { passive: true });
  const watch = new ResizeObserver(() => draw());
  watch.observe(el);
  return { el, draw, reveal, edit, stop: () => watch.disconnect() };
}

/** A line with its times and its text. Returns {el, text, renew(), rate()}. */
function lineRow({ line, script, desk, typing }) {
  const chooseIt = (reveal) => desk.choose(script.lines.indexOf(line), reveal);
  const text = h("textarea.grow", {
    value: line.text,
    rows: 2,
    maxlength: 500,
    "aria-label": "Text",
    readonly: !script.may,
    spellcheck: true,
    onfocus: () => {
      chooseIt(false);
      script.beginTyping();
    },
    oninput: () => {
      line.text = text.value;
      script.keepDraft();
      rate();
      desk.typed();
    },
    onblur: () => script.endTyping(),
    onkeydown: (event) => typing(event, line, text),
  });
  const times = ENDS.map((which) => timeField({ line, which, script, onfocus: () => chooseIt(false) }));
  const speed = h("span.small.num.rate", { title: "Characters a second" });
  const onclick = (event) => {
    if (event.target.closest("input, textarea")) return;
    chooseIt(true);
    desk.seek(line.start / 1000);
  };
  const el = h("div.capline", { role: "option", onclick }, times, text, speed);

  function rate() {
    const cps = line.text.length / Math.max(0.1, (line.end - line.start) / 1000);
    speed.textContent = `${Math.round(cps)}/s`;
    speed.style.color = cps > TOO_FAST ? "var(--bad)" : cps > FAST ? "var(--accent)" : "";
  }
  /** Put what the line says into its fields, but not into one that somebody types into. */
  function renew() {
    const typed = el.getRootNode().activeElement;
    if (typed !== text) text.value = line.text;
    times.forEach((field, i) => {
      if (field !== typed) field.value = stamp(line[ENDS[i]]);
    });
  }
  return { el, text, renew, rate };
}

function timeField({ line, which, script, onfocus }) {
  const back = () => (field.value = stamp(line[which]));
  function change() {
    const ms = milliseconds(field.value);
    if (ms !== null) {
      script.change(() => script.move(line, which, ms));
      return;
    }
    back();
    say("A time looks like 1:23.45", "bad");
  }
  function onkeydown(event) {
    if (event.key === "Escape") back();
    if (["Enter", "Escape"].includes(event.key)) field.blur();
  }
  const name = which === "start" ? "In" : "Out";
  const props = { value: stamp(line[which]), "aria-label": name, readonly: !script.may };
  const field = h("input.num.time", { ...props, onfocus, onchange: change, onkeydown });
  return field;
}

/** Milliseconds of "1:02:03.45", or null where it is no time. */
function milliseconds(words) {
  const found = /^(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)$/.exec(words.trim());
  if (!found) return null;
  const [hours, minutes, seconds] = found.slice(1).map((part) => Number(part ?? 0));
  return Math.round(1000 * (3600 * hours + 60 * minutes + seconds));
}

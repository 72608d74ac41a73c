// Where a clip begins and ends in its file: handles on the waveform, with shots and words to snap to.
import { clamp, clock, fill, fit, h, onceAFrame, pointerAt } from "../kit.js";
import { snap } from "./snapping.js";
import { drawTrim, HIGH } from "./trimdrawing.js";

const SNAP_PX = 9;
const GRAB_PX = 14;
const SAME_S = 1e-3;
const NAME = "Waveform of the clip and what lies around it";

/**
 * A trimmer. Returns {el, show(clip), set(which, seconds, reach), span(), dirty(), reset(), head(s), stop()};
 * the span is in seconds of the file, and `which` is "start" or "end". Alt frees from snapping.
 */
export function trimmer({ onseek, onchange }) {
  const canvas = h("canvas", { role: "img", "aria-label": NAME, style: { touchAction: "none" } });
  const said = h("div.said", { "aria-label": "What is said" });
  const el = h("div.trim", {}, h("div.canvas", {}, canvas), said);
  const view = { clip: null, start: 0, end: 0, head: null, snapped: null, width: 600, x, s };
  const later = onceAFrame(() => drawTrim(canvas.getContext("2d"), view));
  let drag = null;

  const seconds = () => view.clip.window[1] - view.clip.window[0];
  function x(t) {
    return ((t - view.clip.window[0]) / seconds()) * view.width;
  }
  function s(px) {
    return view.clip.window[0] + (px / view.width) * seconds();
  }

  /** Another clip, or the same as it is now: then the ends stay where they were moved to. */
  function show(clip) {
    const same = view.clip && clip && view.clip.key === clip.key;
    view.clip = clip;
    if (!same) putBack();
    view.snapped = null;
    size();
    fill(said, (clip?.words ?? []).map(word));
    mark();
    later();
  }
  function putBack() {
    view.start = view.clip?.from ?? 0;
    view.end = view.clip?.to ?? 0;
  }
  function size() {
    view.width = Math.max(200, canvas.parentElement.clientWidth || 600);
    fit(canvas, view.width, HIGH);
  }
  function word([text, from, to], index) {
    const title = `${clock(from)}: click to go there, Shift and click ends here, Alt and click begins here`;
    const onclick = (event) => {
      if (event.altKey) move("start", { at: from, to: "word" });
      else if (event.shiftKey) move("end", { at: to, to: "word" });
      else onseek(from);
    };
    return h("span", { "data-word": index, title, onclick }, text, " ");
  }
  /** Which words are in the clip, and which is said. */
  function mark() {
    const { start, end, head } = view;
    for (const span of said.children) {
      const [, from, to] = view.clip.words[Number(span.dataset.word)];
      const away = to <= start + 0.01 || from >= end - 0.01;
      const lit = head !== null && from <= head && head < to;
      span.className = away ? "away" : lit ? "lit" : "";
    }
  }
  /** Move the in or the out to what it snapped to, and leave at least a frame between them. */
  function move(which, { at, to }) {
    const frame = 1 / view.clip.rate;
    view.snapped = to ? { at, to } : null;
    if (which === "start") view.start = clamp(at, 0, view.end - frame);
    else view.end = Math.min(view.clip.length, Math.max(at, view.start + frame));
    mark();
    later();
    onchange();
  }
  function set(which, t, reach = 0) {
    if (!view.clip) return;
    move(which, (reach && snap(view.clip, which, t, reach)) || { at: t });
  }
  function reset() {
    if (!view.clip) return;
    putBack();
    view.snapped = null;
    mark();
    later();
    onchange();
  }
  function head(t) {
    view.head = t;
    mark();
    later();
  }

  /** The end that the pointer is close to, or else the playhead. */
  function grabbed(px) {
    const [start, end] = [Math.abs(px - x(view.start)), Math.abs(px - x(view.end))];
    if (Math.min(start, end) >= GRAB_PX) return "head";
    return start < end ? "start" : "end";
  }
  canvas.addEventListener("pointerdown", (event) => {
    if (!view.clip) return;
    const px = pointerAt(canvas, event).x;
    drag = grabbed(px);
    canvas.setPointerCapture(event.pointerId);
    if (drag === "head") onseek(s(px));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!view.clip) return;
    const px = pointerAt(canvas, event).x;
    if (!drag) canvas.style.cursor = grabbed(px) === "head" ? "pointer" : "ew-resize";
    else if (drag === "head") onseek(s(px));
    else {
      const reach = event.altKey ? 0 : (SNAP_PX / view.width) * seconds();
      set(drag, s(clamp(px, 0, view.width)), reach);
      onseek(drag === "start" ? view.start : view.end - 1 / view.clip.rate);
    }
  });
  canvas.addEventListener("pointerup", () => {
    drag = null;
  });
  const watch = new ResizeObserver(() => {
    size();
    later();
  });
  watch.observe(el);

  const moved = (now, was) => Math.abs(now - was) > SAME_S;
  const dirty = () => !!view.clip && (moved(view.start, view.clip.from) || moved(view.end, view.clip.to));
  const span = () => [view.start, view.end];
  return { el, show, set, span, dirty, reset, head, stop: () => watch.disconnect() };
}

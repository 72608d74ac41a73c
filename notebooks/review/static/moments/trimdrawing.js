// The picture of a clip and what lies around it: waveform, shots, words, and the handles at its ends.
import { block, peak, TYPE } from "../kit.js";

/** How high the picture is. */
export const HIGH = 92;

const MIDDLE = 46;
const LOUDEST = 38;
const COLOURS = {
  chosen: "#ffb224",
  around: "#4b5362",
  inside: "#ffb22414",
  shot: "#5aa9ff",
  word: "#9aa3b2",
  sentence: "#3fcf8e",
  before: "#ffffff30",
  playhead: "#fff",
};

/**
 * Draw a clip. `view`: {clip, start, end, head, snapped, width, x(s), s(px)}, where x and s lead from seconds
 * to pixels and back.
 */
export function drawTrim(pen, view) {
  pen.clearRect(0, 0, view.width, HIGH);
  if (!view.clip) return;
  const edges = [view.x(view.start), view.x(view.end)];
  block(pen, COLOURS.inside, edges[0], 0, edges[1] - edges[0], HIGH);
  waveform(pen, view, edges);
  marks(pen, view);
  handle(pen, edges[0], -1);
  handle(pen, edges[1], -9);
  playhead(pen, view);
  if (view.snapped) snappedTo(pen, view);
}

function waveform(pen, { clip, width, s }, [left, right]) {
  const place = (px) => Math.floor((s(px) - clip.window[0]) * clip.per_second);
  for (let px = 0; px < width; px++) {
    const loud = clip.per_second ? peak(clip.peaks, place(px), place(px + 1) + 1) : 0;
    const high = Math.max(0.8, loud * LOUDEST);
    block(pen, px >= left && px < right ? COLOURS.chosen : COLOURS.around, px, MIDDLE - high, 1, 2 * high);
  }
}

function marks(pen, { clip, x, start, end }) {
  for (const shot of clip.shots) block(pen, COLOURS.shot, x(shot) - 0.5, 0, 1, HIGH);
  for (const [, from, to, begins, ends] of clip.words) {
    block(pen, COLOURS.word, x(from), HIGH - 6, Math.max(1, x(to) - x(from) - 1), 3);
    if (begins || ends) block(pen, COLOURS.sentence, begins ? x(from) : x(to) - 1, HIGH - 9, 1.5, 9);
  }
  if (start === clip.from && end === clip.to) return;
  for (const was of [clip.from, clip.to]) block(pen, COLOURS.before, x(was) - 0.5, 0, 1, HIGH);
}

function handle(pen, px, grip) {
  block(pen, COLOURS.chosen, px - 1, 0, 2, HIGH);
  pen.beginPath();
  pen.roundRect(px + grip, HIGH / 2 - 16, 10, 32, 3);
  pen.fill();
}

function playhead(pen, { clip, head, x }) {
  const [first, last] = clip.window;
  if (head !== null && head >= first && head <= last)
    block(pen, COLOURS.playhead, x(head) - 0.5, 0, 1.5, HIGH);
}

function snappedTo(pen, { snapped, width, x }) {
  const px = x(snapped.at);
  const left = px > width - 90; // there is no room on the right
  pen.fillStyle = COLOURS.playhead;
  pen.font = TYPE;
  pen.textAlign = left ? "right" : "left";
  pen.fillText(snapped.to, px + (left ? -6 : 6), 12);
}

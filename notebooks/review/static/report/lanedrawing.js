// The picture of signals over time: waveform, a lane per signal, the moments as bands over them, the
// playhead.
import { block, clock, peak, TYPE } from "../kit.js";

/** How high a lane is, what lies above and below of all, and how much room their names have on wide pages. */
export const LANE = 30;
export const HEAD = 46;
export const FOOT = 20;
export const LEFT = 118;

/** What stands for "not measured" among the numbers of a lane, and the greatest that was measured. */
export const UNKNOWN = 255;
export const MOST = 254;

const LOUDEST = 22;
const STEPS = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600];
const LONGEST_STEP = 7200;
const STEP_PX = 70;

/**
 * Draw it. `view`: {data, from, to, playhead, hovered, width, height, left, x(s), s(px)}, where x and s lead
 * from seconds to pixels and back.
 */
export function drawLanes(pen, view) {
  const { data, from, to, playhead, hovered, height, x } = view;
  pen.clearRect(0, 0, view.width, height);
  pen.font = TYPE;
  pen.textBaseline = "middle";
  ruler(pen, view);
  waveform(pen, view);
  const inSight = data.shots.filter((shot) => shot > from && shot < to);
  for (const shot of inSight) block(pen, "#ffffff10", x(shot), HEAD, 1, height - HEAD - FOOT);
  data.lanes.forEach((lane, number) => drawLane(pen, view, lane, HEAD + number * LANE));
  for (const moment of data.moments) band(pen, view, moment);
  const long = height - 14 - FOOT;
  if (playhead >= from && playhead <= to) block(pen, "#fff", x(playhead) - 0.5, 14, 1.5, long);
  if (hovered !== null) block(pen, "#ffffff55", hovered, 14, 1, long);
}

function ruler(pen, { from, to, width, height, left, x }) {
  const perSecond = (width - left) / (to - from);
  const step = STEPS.find((one) => one * perSecond > STEP_PX) ?? LONGEST_STEP;
  pen.fillStyle = "#9aa3b2";
  pen.textAlign = "center";
  for (let t = Math.ceil(from / step) * step; t <= to; t += step) {
    const px = x(t);
    if (px < left + 14 || px > width - 14) continue;
    pen.fillText(clock(t, step < 1 ? 1 : 0), px, height - FOOT / 2);
  }
}

function waveform(pen, { data, width, left, s }) {
  const { peaks, seconds } = data;
  if (!peaks.length) return;
  const place = (px) => (s(px) / seconds) * peaks.length;
  for (let px = left; px < left + Math.max(1, Math.floor(width - left)); px++) {
    const first = Math.floor(place(px));
    const high = (peak(peaks, first, Math.max(first + 1, Math.ceil(place(px + 1)))) / MOST) * LOUDEST;
    block(pen, "#46505f", px, HEAD - 4 - high, 1, high);
  }
}

function drawLane(pen, view, lane, top) {
  const { width, left } = view;
  pen.strokeStyle = "#23272f";
  pen.beginPath();
  pen.moveTo(0, top + LANE - 0.5);
  pen.lineTo(width, top + LANE - 0.5);
  pen.stroke();
  const colour = `hsl(${lane.hue} 62% 62% / .95)`;
  const soft = `hsl(${lane.hue} 62% 62% / .3)`;
  const base = top + LANE - 3;
  for (let px = left; px < width; px++) {
    const found = range(view, lane, px);
    if (!found) continue;
    const [low, high] = found.map((value) => base - (value / MOST) * (LANE - 7));
    block(pen, colour, px, high, 1, Math.max(1.4, low - high));
    block(pen, soft, px, low, 1, base - low);
  }
  name(pen, view, lane, top);
}

/** The least and the most that a lane says where this pixel is, or null where nothing was measured. */
function range({ data, s }, lane, px) {
  const { from, to, columns } = data.signals;
  const place = (at) => ((s(at) - from) / (to - from)) * columns;
  const first = Math.floor(place(px));
  const end = Math.min(lane.high.length, Math.max(first + 1, Math.ceil(place(px + 1))));
  let least = UNKNOWN;
  let most = -1;
  for (let i = Math.max(0, first); i < end; i++) {
    if (lane.high[i] === UNKNOWN) continue;
    least = Math.min(least, lane.low[i]);
    most = Math.max(most, lane.high[i]);
  }
  return most < 0 ? null : [least, most];
}

/** Beside the lane where there is room, else over it. */
function name(pen, { left }, lane, top) {
  pen.textAlign = "left";
  if (left) block(pen, "#101216cc", 0, top, left - 4, LANE - 1);
  pen.fillStyle = "#c9ced8";
  if (left) pen.fillText(lane.label, 2, top + LANE / 2, left - 10);
  else pen.fillText(lane.label, 4, top + 9);
}

function band(pen, { width, height, left, x }, moment) {
  const first = Math.max(left, x(moment.start));
  const last = Math.min(width, x(moment.end));
  if (last <= left || first >= width) return;
  block(pen, "#ffb22418", first, 20, last - first, height - 20 - FOOT);
  block(pen, "#ffb224", first, 18, last - first, 2);
  if (last - first <= 12) return;
  pen.textAlign = "left";
  pen.fillText(String(moment.number), first + 3, 27);
}

// What the players have in common: the row under the picture, and going backwards, which no video can.
import { clock, h } from "../kit.js";

const SPEEDS = [1, 2, 4, 8];
const REWIND_MS = 83;
const REWINDS_A_SECOND = 12;

/** Presses of J or L count up to this. */
export const FASTEST = SPEEDS.length;

/** How often faster than life so many presses of J or L are. */
export const speedOf = (presses) => SPEEDS[Math.max(0, Math.abs(presses) - 1)];

/** The row under a picture. `seek` is given a share of the length; `more` stands at the end. */
export function controls({ toggle, seek }, ...more) {
  const button = h("button.bare.play", { "aria-label": "Play", onclick: toggle }, "▶");
  const seekTo = () => seek(Number(line.value) / 1000);
  const range = { type: "range", min: 0, max: 1000, step: "any", value: 0 };
  const line = h("input.grow", { ...range, "aria-label": "Playhead", oninput: seekTo });
  const time = h("span.num.small", {}, "0:00.0");
  const speed = h("span.small.dim.num");
  return {
    el: h("div.row.controls", {}, button, line, time, speed, ...more),
    playing(is) {
      button.textContent = is ? "❚❚" : "▶";
      button.setAttribute("aria-label", is ? "Pause" : "Play");
    },
    /**
     * So many seconds of so many. A playhead that somebody holds stays, unless it is to move all the same.
     */
    at(seconds, of, moving = false) {
      time.textContent = `${clock(seconds)} / ${clock(of)}`;
      if (moving || document.activeElement !== line) line.value = of > 0 ? (seconds / of) * 1000 : 0;
    },
    /** 2 is twice as fast, -2 is that backwards; nothing is said of the speed of life. */
    speed(rate) {
      speed.textContent = rate < 0 ? `−${-rate}×` : rate > 1 ? `${rate}×` : "";
    },
  };
}

/** Goes backwards by many little seeks. */
export function rewinder({ now, first, seek, stop }) {
  let ticking = null;
  return {
    running: () => ticking !== null,
    start(rate) {
      const back = () => (now() <= first() + 0.01 ? stop() : seek(now() - rate / REWINDS_A_SECOND));
      ticking = setInterval(back, REWIND_MS);
    },
    stop() {
      clearInterval(ticking);
      ticking = null;
    },
  };
}

/** Those who want to know where the playhead is, frame by frame. */
export function hearers() {
  const all = new Set();
  return {
    tell: (at) => all.forEach((hear) => hear(at)),
    /** Returns how to stop. */
    add(hear) {
      all.add(hear);
      return () => all.delete(hear);
    },
  };
}

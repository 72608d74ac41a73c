// The waveform around the playhead, with the lines over it; the ends of the chosen one can be dragged.
import { block, bytes, fit, h, onceAFrame, peak, pointerAt, TYPE } from "../kit.js";

const HIGH = 96;
const GRAB_PX = 9;
const SPAN_S = 14;
const MIDDLE = 40;
const LOUDEST = 34;
const MOST = 254; // the loudest that peaks can be
const CHOSEN = ["#ffb224", "#ffb22433"];
const OTHER = ["#5aa9ff", "#5aa9ff22"];

/**
 * A waveform. Returns {el, show(file), draw(), follow(s), stop()}; `onchoose(number)` is told what is
 * clicked.
 */
export function wave({ script, play, onchoose, ondropped }) {
  const props = { role: "img", "aria-label": "Waveform with the lines", style: { touchAction: "none" } };
  const canvas = h("canvas", props);
  const el = h("div.trim", {}, h("div.canvas", {}, canvas));
  const pen = canvas.getContext("2d");
  const draw = onceAFrame(sketch);
  let width = 500;
  let from = 0; // the first second that is shown
  let seconds = 0;
  let peaks = new Uint8Array();
  let dragged = null; // "start", "end" or "head"

  const x = (ms) => ((ms / 1000 - from) / SPAN_S) * width;
  const s = (px) => from + (px / width) * SPAN_S;

  function show(file) {
    seconds = file.seconds || 1;
    peaks = bytes(file.peaks);
    draw();
  }
  function sketch() {
    pen.clearRect(0, 0, width, HIGH);
    if (!seconds) return;
    const place = (px) => Math.floor((s(px) / seconds) * peaks.length);
    for (let px = 0; px < width; px++) {
      const loud = peak(peaks, place(px), Math.max(place(px) + 1, place(px + 1))) / MOST;
      block(pen, "#4b5362", px, MIDDLE - loud * LOUDEST, 1, Math.max(1, loud * 2 * LOUDEST));
    }
    pen.font = TYPE;
    pen.textBaseline = "middle";
    script.lines.forEach((line, number) => sketchLine(line, number === script.at));
    block(pen, "#fff", x(play.time() * 1000) - 0.5, 0, 1.5, HIGH);
  }
  function sketchLine(line, chosen) {
    const [left, right] = [x(line.start), x(line.end)];
    if (right < 0 || left > width) return;
    const [edge, inside] = chosen ? CHOSEN : OTHER;
    block(pen, inside, left, 0, right - left, HIGH);
    block(pen, edge, left, 0, 1.5, HIGH);
    block(pen, edge, right - 1.5, 0, 1.5, HIGH);
    pen.save();
    pen.beginPath();
    pen.rect(left + 4, 78, Math.max(0, right - left - 8), 18);
    pen.clip();
    pen.fillStyle = "#e8eaee";
    pen.fillText(line.text, left + 5, 87);
    pen.restore();
  }
  /** Keep the playhead in the picture. */
  function follow(now) {
    if (now < from || now > from + SPAN_S * 0.9) from = Math.max(0, now - SPAN_S * 0.2);
    draw();
  }

  /** The end of the chosen line that the pointer is close to. */
  function grabbed(px) {
    const line = script.chosen;
    return ["start", "end"].find((which) => line && Math.abs(px - x(line[which])) < GRAB_PX) ?? "head";
  }
  canvas.addEventListener("pointerdown", (event) => {
    const px = pointerAt(canvas, event).x;
    canvas.setPointerCapture(event.pointerId);
    dragged = script.may ? grabbed(px) : "head";
    if (dragged !== "head") {
      script.begin();
      return;
    }
    const number = script.numberAt(s(px) * 1000);
    if (number >= 0) onchoose(number);
    play.seek(s(px));
  });
  canvas.addEventListener("pointermove", (event) => {
    const px = pointerAt(canvas, event).x;
    if (!dragged) canvas.style.cursor = grabbed(px) === "head" ? "pointer" : "ew-resize";
    else if (dragged === "head") play.seek(s(px));
    else {
      script.move(script.chosen, dragged, Math.round(s(px) * 1000));
      script.touched();
    }
  });
  canvas.addEventListener("pointerup", () => {
    if (dragged && dragged !== "head") ondropped();
    dragged = null;
  });
  const watch = new ResizeObserver(() => {
    width = Math.max(200, canvas.parentElement.clientWidth || 500);
    fit(canvas, width, HIGH);
    draw();
  });
  watch.observe(canvas.parentElement);
  return { el, show, draw, follow, stop: () => watch.disconnect() };
}

// Signals over time, to be looked into: a lane for each, which can be zoomed and moved.
import { bytes, clamp, clock, fit, h, heading, onceAFrame, pointerAt } from "../kit.js";
import { drawLanes, FOOT, HEAD, LANE, LEFT, MOST, UNKNOWN } from "./lanedrawing.js";

const NARROW = 520;
const LEAST_S = 2;
const DRAG_PX = 4;
const FINER_MS = 160;
const NAME = "Signals over time; arrows move the playhead, + and − zoom";

/**
 * A chart. Returns {el, show({file, signals, seconds, shots, peaks, moments}), head(s), view(from, to),
 * zoom(by), stop()}. `onrange(from, to, columns)` asks for a finer stretch, `onmoment(moment)` tells what is
 * clicked.
 */
export function lanes({ onseek, onrange, onmoment }) {
  const canvas = h("canvas", { tabindex: 0, role: "img", "aria-label": NAME });
  const tip = h("div.tip.small.num", { hidden: true });
  const told = h("span.small.dim");
  const zoomIn = h("button.bare", { onclick: () => zoom(0.5), "aria-label": "Zoom in" }, "+");
  const zoomOut = h("button.bare", { onclick: () => zoom(2), "aria-label": "Zoom out" }, "−");
  const all = h("button.bare", { onclick: viewAll }, "All");
  const top = h("div.row", {}, heading("Signals over time"), told, zoomIn, zoomOut, all);
  const el = h("div.lanes", {}, top, h("div.canvas", {}, canvas, tip));
  const size = { width: 600, height: 200, left: LEFT };
  const shown = { ...size, data: null, from: 0, to: 1, playhead: 0, hovered: null, x, s };
  const later = onceAFrame(draw);
  let wish = null;

  const span = () => shown.to - shown.from;
  const room = () => shown.width - shown.left;
  const zoomed = () => span() < shown.data.seconds - 0.01;
  function x(second) {
    return shown.left + ((second - shown.from) / span()) * room();
  }
  function s(px) {
    return shown.from + ((px - shown.left) / room()) * span();
  }

  function show(found) {
    const other = shown.data?.file !== found.file;
    const unpacked = (lane) => ({ ...lane, low: bytes(lane.low), high: bytes(lane.high) });
    shown.data = { ...found, lanes: found.signals.lanes.map(unpacked), peaks: bytes(found.peaks) };
    if (other) Object.assign(shown, { from: 0, to: Math.max(0.1, found.seconds) });
    fitIn();
    later();
  }
  function fitIn() {
    if (!shown.data) return;
    shown.width = Math.max(200, canvas.parentElement.clientWidth);
    shown.left = shown.width < NARROW ? 0 : LEFT;
    shown.height = HEAD + shown.data.lanes.length * LANE + FOOT;
    fit(canvas, shown.width, shown.height);
  }
  function draw() {
    if (!shown.data) return;
    drawLanes(canvas.getContext("2d"), shown);
    const part = [shown.from, shown.to, shown.data.seconds].map((second) => clock(second, 0));
    told.textContent = zoomed() ? `${part[0]} to ${part[1]} of ${part[2]}` : "";
  }
  function view(from, to) {
    const long = Math.min(shown.data.seconds, Math.max(LEAST_S, to - from));
    shown.from = clamp(from, 0, shown.data.seconds - long);
    shown.to = shown.from + long;
    later();
    clearTimeout(wish);
    wish = setTimeout(() => onrange(shown.from, shown.to, Math.round(room())), FINER_MS);
  }
  function viewAll() {
    view(0, shown.data.seconds);
  }
  /** Round `centre`, or the playhead where it is in sight. */
  function zoom(by, centre = null) {
    const { from, to, playhead } = shown;
    const inSight = playhead >= from && playhead <= to;
    const c = centre ?? (inSight ? playhead : (from + to) / 2);
    view(c - (c - from) * by, c + (to - c) * by);
  }
  function head(second) {
    shown.playhead = second;
    later();
  }

  function hover(event) {
    const { data, left, width } = shown;
    const at = pointerAt(canvas, event);
    const lane = data.lanes[Math.floor((at.y - HEAD) / LANE)];
    shown.hovered = at.x > left ? at.x : null;
    tip.hidden = shown.hovered === null && !lane;
    if (!tip.hidden) {
      tip.replaceChildren(
        shown.hovered === null ? h("div", {}, lane.meaning) : tipWords(data, lane, s(at.x)),
      );
      tip.style.left = `${clamp(at.x + 14, 0, Math.max(0, width - 240))}px`;
      tip.style.top = `${at.y + 14}px`;
    }
    later();
  }
  /** The page scrolls, unless somebody zooms, moves sideways, or sees a part only. */
  function wheel(event) {
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (!(event.ctrlKey || event.metaKey || event.altKey || sideways || zoomed())) return;
    event.preventDefault();
    const by = (event.deltaX / shown.width) * span();
    if (sideways) view(shown.from + by, shown.to + by);
    else zoom(event.deltaY > 0 ? 1.25 : 0.8, s(pointerAt(canvas, event).x));
  }
  function click(event) {
    const at = pointerAt(canvas, event);
    const t = s(at.x);
    if (t < 0) return;
    const moment = at.y < HEAD - 14 ? momentAt(shown.data, t) : null;
    if (moment) onmoment(moment);
    else onseek(Math.min(t, shown.data.seconds));
  }

  /** Nothing is done before there is something to see. */
  const on = (kind, act, how) => canvas.addEventListener(kind, (event) => shown.data && act(event), how);
  let drag = null;
  on("wheel", wheel, { passive: false });
  on("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    drag = { x: event.clientX, from: shown.from, moved: false };
  });
  on("pointermove", (event) => {
    if (drag && zoomed() && (drag.moved || Math.abs(event.clientX - drag.x) > DRAG_PX)) {
      drag.moved = true;
      const from = drag.from + ((drag.x - event.clientX) / room()) * span();
      view(from, from + span());
    }
    hover(event);
  });
  on("pointerup", (event) => {
    if (drag && !drag.moved) click(event);
    drag = null;
  });
  on("pointerleave", () => {
    shown.hovered = null;
    tip.hidden = true;
    later();
  });
  on("dblclick", viewAll);
  const zooms = { "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), 0: viewAll };
  on("keydown", (event) => {
    if (!Object.hasOwn(zooms, event.key)) return;
    event.preventDefault();
    zooms[event.key]();
  });
  const watch = new ResizeObserver(() => {
    fitIn();
    later();
  });
  watch.observe(el);
  return { el, show, head, view, zoom, stop: () => watch.disconnect() };
}

const momentAt = (data, t) => data.moments.find((moment) => moment.start <= t && t < moment.end);

function tipWords(data, lane, t) {
  const moment = momentAt(data, t);
  const score = moment ? `moment ${moment.number}, ${moment.score.toFixed(2)}` : "";
  return h(
    "div",
    {},
    clock(t, 1),
    lane ? ` · ${lane.label} ${valueAt(data, lane, t)}` : "",
    moment ? h("div", { style: { color: "var(--accent)" } }, score) : null,
  );
}

function valueAt(data, lane, t) {
  const { from, to, columns } = data.signals;
  const at = Math.floor(((t - from) / (to - from)) * columns);
  if (at < 0 || at >= lane.high.length || lane.high[at] === UNKNOWN) return "not measured";
  const [low, high] = [lane.low[at] / MOST, lane.high[at] / MOST];
  return high - low < 0.01 ? high.toFixed(2) : `${low.toFixed(2)} to ${high.toFixed(2)}`;
}

// Signals over time on a canvas: a lane per signal, the moments as bands over them, the playhead across.
import { clock, h } from "./kit.js";

const LANE = 30,
  HEAD = 46,
  FOOT = 20,
  LEFT = 118;
const UNKNOWN = 255;

export const bytes = (text) => {
  const raw = atob(text ?? "");
  const out = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
  return out;
};

/** {el, show({signals, seconds, shots, peaks, moments}), head(s), range()} ; `onrange(from, to, columns)` asks for a finer stretch. */
export function lanes({ onseek, onrange, onmoment }) {
  const canvas = h("canvas", {
    tabindex: 0,
    role: "img",
    "aria-label": "Signals over time; arrows move the playhead, + and − zoom",
  });
  const tip = h("div.tip.small.num", { hidden: true });
  const told = h("span.small.dim", {});
  const el = h(
    "div.lanes",
    {},
    h(
      "div.row",
      {},
      h("h2.grow", { style: { margin: 0 } }, "Signals over time"),
      told,
      h("button.bare", { onclick: () => zoom(0.5, null), "aria-label": "Zoom in" }, "+"),
      h("button.bare", { onclick: () => zoom(2, null), "aria-label": "Zoom out" }, "−"),
      h("button.bare", { onclick: () => view(0, data.seconds) }, "All"),
    ),
    h("div.canvas", {}, canvas, tip),
  );
  const pen = canvas.getContext("2d");
  let data = null,
    from = 0,
    to = 1,
    playhead = 0,
    width = 600,
    height = 200,
    pending = null,
    hovered = null,
    wish = null,
    drag = null;

  const left = () => (width < 520 ? 0 : LEFT);
  const x = (s) => left() + ((s - from) / (to - from)) * (width - left());
  const s = (px) => from + ((px - left()) / (width - left())) * (to - from);
  const later = () => {
    if (!pending)
      pending = requestAnimationFrame(() => {
        pending = null;
        draw();
      });
  };

  function show(found) {
    const fresh = !data || data.file !== found.file;
    data = {
      ...found,
      lanes: found.signals.lanes.map((one) => ({ ...one, low: bytes(one.low), high: bytes(one.high) })),
      wave: bytes(found.peaks),
    };
    if (fresh) {
      from = 0;
      to = Math.max(0.1, found.seconds);
    }
    size();
    later();
  }
  function size() {
    if (!data) return;
    const box = canvas.parentElement.clientWidth,
      ratio = devicePixelRatio || 1;
    width = Math.max(200, box);
    height = HEAD + data.lanes.length * LANE + FOOT;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  }
  function draw() {
    if (!data) return;
    pen.clearRect(0, 0, width, height);
    pen.font = '12px "Source Sans Pro", system-ui, sans-serif';
    pen.textBaseline = "middle";
    ruler();
    wave();
    for (const shot of data.shots)
      if (shot > from && shot < to) {
        pen.fillStyle = "#ffffff10";
        pen.fillRect(x(shot), HEAD, 1, height - HEAD - FOOT);
      }
    data.lanes.forEach((lane, number) => one(lane, HEAD + number * LANE));
    for (const moment of data.moments) {
      const a = Math.max(left(), x(moment.start)),
        b = Math.min(width, x(moment.end));
      if (b <= left() || a >= width) continue;
      pen.fillStyle = "#ffb22418";
      pen.fillRect(a, 20, b - a, height - 20 - FOOT);
      pen.fillStyle = "#ffb224";
      pen.fillRect(a, 18, b - a, 2);
      if (b - a > 12) {
        pen.fillStyle = "#ffb224";
        pen.textAlign = "left";
        pen.fillText(String(moment.number), a + 3, 27);
      }
    }
    if (playhead >= from && playhead <= to) {
      pen.fillStyle = "#fff";
      pen.fillRect(x(playhead) - 0.5, 14, 1.5, height - 14 - FOOT);
    }
    if (hovered !== null) {
      pen.fillStyle = "#ffffff55";
      pen.fillRect(hovered, 14, 1, height - 14 - FOOT);
    }
    told.textContent =
      to - from < data.seconds - 0.01
        ? `${clock(from, 0)} to ${clock(to, 0)} of ${clock(data.seconds, 0)}`
        : "";
  }
  function ruler() {
    const step =
      [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600].find(
        (one) => (one * (width - left())) / (to - from) > 70,
      ) ?? 7200;
    pen.fillStyle = "#9aa3b2";
    pen.textAlign = "center";
    for (let t = Math.ceil(from / step) * step; t <= to; t += step) {
      const px = x(t);
      if (px < left() + 14 || px > width - 14) continue;
      pen.fillText(clock(t, step < 1 ? 1 : 0), px, height - FOOT / 2);
    }
  }
  function wave() {
    if (!data.wave.length) return;
    const columns = Math.max(1, Math.floor(width - left()));
    pen.fillStyle = "#46505f";
    for (let column = 0; column < columns; column++) {
      const a = Math.floor((s(left() + column) / data.seconds) * data.wave.length),
        b = Math.max(a + 1, Math.ceil((s(left() + column + 1) / data.seconds) * data.wave.length));
      let peak = 0;
      for (let i = Math.max(0, a); i < Math.min(data.wave.length, b); i++)
        peak = Math.max(peak, data.wave[i]);
      const high = (peak / 254) * 22;
      pen.fillRect(left() + column, HEAD - 4 - high, 1, high);
    }
  }
  function one(lane, top) {
    const { from: a, to: b, columns } = data.signals,
      count = lane.high.length;
    pen.strokeStyle = "#23272f";
    pen.beginPath();
    pen.moveTo(0, top + LANE - 0.5);
    pen.lineTo(width, top + LANE - 0.5);
    pen.stroke();
    const room = LANE - 7,
      base = top + LANE - 3;
    pen.fillStyle = `hsl(${lane.hue} 62% 62% / .95)`;
    const soft = `hsl(${lane.hue} 62% 62% / .3)`;
    for (let column = 0; column < width - left(); column++) {
      const low = Math.floor(((s(left() + column) - a) / (b - a)) * columns),
        high = Math.max(low + 1, Math.ceil(((s(left() + column + 1) - a) / (b - a)) * columns));
      let least = 255,
        most = -1;
      for (let i = Math.max(0, low); i < Math.min(count, high); i++) {
        if (lane.high[i] === UNKNOWN) continue;
        least = Math.min(least, lane.low[i]);
        most = Math.max(most, lane.high[i]);
      }
      if (most < 0) continue;
      const y1 = base - (most / 254) * room,
        y0 = base - (least / 254) * room;
      pen.fillRect(left() + column, y1, 1, Math.max(1.4, y0 - y1));
      const keep = pen.fillStyle;
      pen.fillStyle = soft;
      pen.fillRect(left() + column, y0, 1, base - y0);
      pen.fillStyle = keep;
    }
    pen.textAlign = "left";
    if (left()) {
      pen.fillStyle = "#101216cc";
      pen.fillRect(0, top, left() - 4, LANE - 1);
      pen.fillStyle = "#c9ced8";
      pen.fillText(lane.label, 2, top + LANE / 2, left() - 10);
    } else {
      pen.fillStyle = "#c9ced8";
      pen.fillText(lane.label, 4, top + 9);
    }
  }
  function value(lane, t) {
    const { from: a, to: b, columns } = data.signals,
      at = Math.floor(((t - a) / (b - a)) * columns);
    if (at < 0 || at >= lane.high.length || lane.high[at] === UNKNOWN) return "not measured";
    const low = lane.low[at] / 254,
      high = lane.high[at] / 254;
    return high - low < 0.01 ? high.toFixed(2) : `${low.toFixed(2)} to ${high.toFixed(2)}`;
  }
  function hover(event) {
    const box = canvas.getBoundingClientRect(),
      px = event.clientX - box.left,
      py = event.clientY - box.top,
      number = Math.floor((py - HEAD) / LANE);
    const lane = data?.lanes[number];
    hovered = px > left() ? px : null;
    tip.hidden = !data || (hovered === null && !lane);
    if (!tip.hidden) {
      const t = s(px),
        moment = data.moments.find((m) => m.start <= t && t < m.end);
      tip.replaceChildren(
        hovered === null
          ? h("div", {}, lane.meaning)
          : h(
              "div",
              {},
              clock(t, 1),
              lane ? ` · ${lane.label} ${value(lane, t)}` : "",
              moment
                ? h(
                    "div",
                    { style: { color: "var(--accent)" } },
                    `moment ${moment.number}, ${moment.score.toFixed(2)}`,
                  )
                : null,
            ),
      );
      tip.style.left = `${Math.min(Math.max(0, width - 240), px + 14)}px`;
      tip.style.top = `${py + 14}px`;
    }
    later();
  }
  function view(a, b) {
    const span = Math.min(data.seconds, Math.max(2, b - a));
    from = Math.max(0, Math.min(a, data.seconds - span));
    to = from + span;
    later();
    clearTimeout(wish);
    wish = setTimeout(() => onrange?.(from, to, Math.round(width - left())), 160);
  }
  function zoom(by, centre) {
    const c = centre ?? (playhead >= from && playhead <= to ? playhead : (from + to) / 2);
    view(c - (c - from) * by, c + (to - c) * by);
  }
  canvas.addEventListener(
    "wheel",
    (event) => {
      if (!data) return;
      if (!(
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        Math.abs(event.deltaX) > Math.abs(event.deltaY) ||
        to - from < data.seconds - 0.01
      ))
        return; // the page scrolls
      event.preventDefault();
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        const by = (event.deltaX / width) * (to - from);
        view(from + by, to + by);
        return;
      }
      zoom(event.deltaY > 0 ? 1.25 : 0.8, s(event.clientX - canvas.getBoundingClientRect().left));
    },
    { passive: false },
  );
  canvas.addEventListener("pointerdown", (event) => {
    if (!data) return;
    canvas.setPointerCapture(event.pointerId);
    drag = { x: event.clientX, from, moved: false };
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!data) return;
    if (drag && to - from < data.seconds - 0.01 && (drag.moved || Math.abs(event.clientX - drag.x) > 4)) {
      drag.moved = true;
      const by = ((drag.x - event.clientX) / (width - left())) * (to - from);
      view(drag.from + by, drag.from + by + (to - from));
    }
    hover(event);
  });
  canvas.addEventListener("pointerup", (event) => {
    if (drag && !drag.moved && data) {
      const t = s(event.clientX - canvas.getBoundingClientRect().left);
      if (t >= 0) {
        const moment =
          event.clientY - canvas.getBoundingClientRect().top < HEAD - 14
            ? data.moments.find((m) => m.start <= t && t < m.end)
            : null;
        if (moment && onmoment) onmoment(moment);
        else onseek(Math.min(t, data.seconds));
      }
    }
    drag = null;
  });
  canvas.addEventListener("pointerleave", () => {
    hovered = null;
    tip.hidden = true;
    later();
  });
  canvas.addEventListener("dblclick", () => data && view(0, data.seconds));
  canvas.addEventListener("keydown", (event) => {
    const by = {
      "+": () => zoom(0.5),
      "=": () => zoom(0.5),
      "-": () => zoom(2),
      0: () => view(0, data.seconds),
    }[event.key];
    if (by && data) {
      event.preventDefault();
      by();
    }
  });
  const watch = new ResizeObserver(() => {
    size();
    later();
  });
  watch.observe(el);
  return {
    el,
    show,
    head(t) {
      playhead = t;
      later();
    },
    view,
    zoom,
    stop: () => watch.disconnect(),
    range: () => [from, to],
  };
}

// Where a clip begins and ends in its file: handles on the waveform, with shots and words to snap to.
import { clock, fill, h } from "./kit.js";

const HIGH = 92,
  NEAR = 9;

/** {el, show(clip), set(which, seconds), span(), dirty(), reset()} ; the span is in seconds of the file. Alt frees from snapping. */
export function trimmer({ onseek, onchange }) {
  const canvas = h("canvas", {
    role: "img",
    "aria-label": "Waveform of the clip and what lies around it",
    style: { touchAction: "none" },
  });
  const said = h("div.said", { "aria-label": "What is said" });
  const el = h("div.trim", {}, h("div.canvas", {}, canvas), said);
  const pen = canvas.getContext("2d");
  let clip = null,
    start = 0,
    end = 0,
    head = null,
    drag = null,
    width = 600,
    snapped = null,
    pending = null;

  const x = (t) => ((t - clip.window[0]) / (clip.window[1] - clip.window[0])) * width;
  const s = (px) => clip.window[0] + (px / width) * (clip.window[1] - clip.window[0]);
  const later = () => {
    if (!pending)
      pending = requestAnimationFrame(() => {
        pending = null;
        draw();
      });
  };

  function show(found) {
    const same = clip && found && clip.key === found.key;
    clip = found;
    if (!same) {
      start = clip?.from ?? 0;
      end = clip?.to ?? 0;
    }
    snapped = null;
    size();
    words();
    later();
  }
  function size() {
    const ratio = devicePixelRatio || 1;
    width = Math.max(200, canvas.parentElement.clientWidth || 600);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${HIGH}px`;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(HIGH * ratio);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  }
  function words() {
    fill(
      said,
      (clip?.words ?? []).map(([text, from, to], i) =>
        h(
          "span",
          {
            "data-word": i,
            class: to <= start + 0.01 || from >= end - 0.01 ? "away" : "",
            title: `${clock(from)}: click to go there, Shift and click ends here, Alt and click begins here`,
            onclick: (event) => {
              if (event.altKey) set("start", from, "word");
              else if (event.shiftKey) set("end", to, "word");
              else onseek(from);
            },
          },
          text,
          " ",
        ),
      ),
    );
  }
  function mark() {
    for (const one of said.children) {
      const [, from, to] = clip.words[Number(one.dataset.word)];
      one.className =
        to <= start + 0.01 || from >= end - 0.01
          ? "away"
          : head !== null && from <= head && head < to
            ? "lit"
            : "";
    }
  }
  function draw() {
    pen.clearRect(0, 0, width, HIGH);
    if (!clip) return;
    const a = x(start),
      b = x(end),
      middle = 46;
    pen.fillStyle = "#ffb22414";
    pen.fillRect(a, 0, b - a, HIGH);
    const [low] = clip.window,
      per = clip.per_second;
    for (let px = 0; px < width; px++) {
      let peak = 0;
      if (per)
        for (
          let i = Math.max(0, Math.floor((s(px) - low) * per));
          i <= Math.min(clip.peaks.length - 1, Math.floor((s(px + 1) - low) * per));
          i++
        )
          peak = Math.max(peak, clip.peaks[i]);
      const high = Math.max(0.8, peak * 38);
      pen.fillStyle = px >= a && px < b ? "#ffb224" : "#4b5362";
      pen.fillRect(px, middle - high, 1, 2 * high);
    }
    for (const shot of clip.shots) {
      pen.fillStyle = "#5aa9ff";
      pen.fillRect(x(shot) - 0.5, 0, 1, HIGH);
    }
    for (const [, from, to, begins, ends] of clip.words) {
      pen.fillStyle = "#9aa3b2";
      pen.fillRect(x(from), HIGH - 6, Math.max(1, x(to) - x(from) - 1), 3);
      if (begins || ends) {
        pen.fillStyle = "#3fcf8e";
        pen.fillRect(begins ? x(from) : x(to) - 1, HIGH - 9, 1.5, 9);
      }
    }
    pen.fillStyle = "#ffffff30";
    if (start !== clip.from || end !== clip.to) {
      pen.fillRect(x(clip.from) - 0.5, 0, 1, HIGH);
      pen.fillRect(x(clip.to) - 0.5, 0, 1, HIGH);
    }
    for (const [px, way] of [
      [a, 1],
      [b, -1],
    ]) {
      pen.fillStyle = "#ffb224";
      pen.fillRect(px - 1, 0, 2, HIGH);
      pen.beginPath();
      pen.roundRect(way > 0 ? px - 1 : px - 9, HIGH / 2 - 16, 10, 32, 3);
      pen.fill();
    }
    if (head !== null && head >= clip.window[0] && head <= clip.window[1]) {
      pen.fillStyle = "#fff";
      pen.fillRect(x(head) - 0.5, 0, 1.5, HIGH);
    }
    if (snapped) {
      pen.fillStyle = "#fff";
      pen.font = '12px "Source Sans Pro", sans-serif';
      pen.textAlign = x(snapped.at) > width - 90 ? "right" : "left";
      pen.fillText(snapped.to, x(snapped.at) + (pen.textAlign === "right" ? -6 : 6), 12);
    }
  }
  /** What lies nearest: a shot before a sentence before a word. */
  function snap(t, which, reach) {
    const found = [...clip.shots.map((at) => ({ at, to: "shot", rank: 0 }))];
    for (const [, from, to, begins, ends] of clip.words) {
      if (which === "start") found.push({ at: from, to: begins ? "sentence" : "word", rank: begins ? 1 : 2 });
      else found.push({ at: to, to: ends ? "sentence" : "word", rank: ends ? 1 : 2 });
    }
    found.push({ at: which === "start" ? clip.from : clip.to, to: "as it was", rank: 3 });
    const near = found.filter((one) => Math.abs(one.at - t) <= reach);
    near.sort((p, q) => p.rank - q.rank || Math.abs(p.at - t) - Math.abs(q.at - t));
    return near[0] ?? null;
  }
  /** Move the in (`start`) or the out (`end`). `to` names what it snapped to already; else it snaps within `reach` seconds. */
  function set(which, t, to = null, reach = 0) {
    if (!clip) return;
    snapped = to ? { at: t, to } : reach ? snap(t, which, reach) : null;
    const at = snapped ? snapped.at : t,
      frame = 1 / clip.rate;
    if (which === "start") start = Math.max(0, Math.min(at, end - frame));
    else end = Math.min(clip.length, Math.max(at, start + frame));
    mark();
    later();
    onchange({ start, end, snapped: snapped?.to ?? null });
  }
  canvas.addEventListener("pointerdown", (event) => {
    if (!clip) return;
    const px = event.clientX - canvas.getBoundingClientRect().left,
      a = Math.abs(px - x(start)),
      b = Math.abs(px - x(end));
    drag = Math.min(a, b) < 14 ? (a < b ? "start" : "end") : "head";
    canvas.setPointerCapture(event.pointerId);
    if (drag === "head") onseek(s(px));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!clip) return;
    const px = event.clientX - canvas.getBoundingClientRect().left;
    if (!drag) {
      canvas.style.cursor =
        Math.min(Math.abs(px - x(start)), Math.abs(px - x(end))) < 14 ? "ew-resize" : "pointer";
      return;
    }
    if (drag === "head") {
      onseek(s(px));
      return;
    }
    const reach = event.altKey ? 0 : (NEAR / width) * (clip.window[1] - clip.window[0]);
    set(drag, s(Math.max(0, Math.min(width, px))), null, reach);
    onseek(drag === "start" ? start : end - 1 / clip.rate);
  });
  canvas.addEventListener("pointerup", () => {
    drag = null;
  });
  const watch = new ResizeObserver(() => {
    size();
    later();
  });
  watch.observe(el);
  return {
    el,
    show,
    set,
    span: () => [start, end],
    dirty: () => !!clip && (Math.abs(start - clip.from) > 1e-3 || Math.abs(end - clip.to) > 1e-3),
    reset() {
      if (!clip) return;
      start = clip.from;
      end = clip.to;
      snapped = null;
      mark();
      later();
      onchange({ start, end, snapped: null });
    },
    head(t) {
      head = t;
      mark();
      later();
    },
    stop: () => watch.disconnect(),
  };
}

// The moments that weights choose, each with what its score is made of, and a video to see them in.
import { clock, empty, fill, gap, h, percent } from "../kit.js";

/** Moments. Returns {el, show(data)}. */
export function chosenMoments() {
  const video = h("video", { controls: true, playsinline: true, style: { display: "none", width: "100%" } });
  const list = h("div.stack", gap(8, { "aria-live": "polite" }));
  const left = h("div");
  let stopAt = Infinity;
  video.addEventListener("timeupdate", () => {
    if (video.currentTime < stopAt) return;
    video.pause();
    stopAt = Infinity;
  });

  function play({ file, start, end }) {
    const src = `/api/files/${file}/proxy`;
    if (!video.src.endsWith(src)) video.src = src;
    video.style.display = "";
    stopAt = end;
    const go = () => {
      video.currentTime = start;
      video.play().catch(() => {}); // a later wish was quicker
    };
    if (video.readyState) go();
    else video.addEventListener("loadedmetadata", go, { once: true });
  }
  function show({ signals, moments, explanation, left: dropped }) {
    // A signal has one colour in all bars; neighbours in weight are far apart on the circle.
    const number = (label) => signals.findIndex((signal) => signal.label === label);
    const hue = (label) => `hsl(${(38 + 137.5 * number(label)) % 360} 65% 60%)`;
    const card = (moment, place) => momentCard(moment, place, hue, () => play(moment));
    const none = h("div.panel", {}, empty("No moment passes", explanation));
    fill(list, moments.length ? moments.map((moment, i) => card(moment, i + 1)) : none);
    const title = h("h2", { style: { margin: "10px 0" } }, "No longer chosen");
    const cards = dropped.map((moment) => card(moment, 0));
    fill(left, dropped.length ? [title, h("div.stack", gap(8), cards)] : null);
  }
  return { el: h("div.stack", {}, video, list, left), show };
}

/** A moment in this place; 0 where it is not chosen. */
function momentCard(moment, place, hue, onplay) {
  const { file, name, start, end, score, reason } = moment;
  const style = { padding: "10px 14px", display: "grid", gap: "6px", opacity: place ? 1 : 0.55 };
  const play = { onclick: onplay, title: "Play it", style: { fontWeight: 600, padding: "2px 6px" } };
  return h(
    "article.panel",
    { "data-moment": `${file}:${start}`, style },
    h(
      "div.row",
      { style: { flexWrap: "nowrap" } },
      h("strong.num", { style: { width: "2ch" } }, place || ""),
      place ? h("span.num", { style: { width: "3ch" } }, movedFrom(moment.was, place)) : null,
      h("button.bare.clip", play, `▶ ${name}`),
      h("span.dim.num.small", {}, `${clock(start)}–${clock(end)}`),
      h("span.grow"),
      h("strong.num", {}, score.toFixed(3)),
    ),
    partsOf(moment, hue),
    h("div.small.dim", {}, reason),
  );
}

/** How a moment's place differs from the one that the profile gives it. */
function movedFrom(was, now) {
  const coloured = (words, colour, title) =>
    h("span", { style: { color: `var(--${colour})` }, title }, words);
  if (was === null) return coloured("new", "good", "not chosen by the profile");
  if (was === now) return h("span.dim", { title: "same place" }, "=");
  const title = `place ${was} before`;
  return was > now ? coloured(`↑${was - now}`, "good", title) : coloured(`↓${now - was}`, "bad", title);
}

function partsOf({ parts }, hue) {
  const title = parts.map(([name, added]) => `${name} ${added.toFixed(3)}`).join(", ");
  const bar = {
    display: "flex",
    height: "6px",
    borderRadius: "3px",
    overflow: "hidden",
    background: "var(--raised)",
  };
  const part = ([name, added]) => h("i", { style: { width: percent(added), background: hue(name) } });
  return h("div", { title, style: bar }, parts.map(part));
}

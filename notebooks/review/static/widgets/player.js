// A player of proxies: whoever wants to know where the playhead is subscribes, frame by frame.
import { clamp, fill, h, ours } from "../kit.js";
import { controls, FASTEST, hearers, rewinder, speedOf } from "./controls.js";

const LOST = "The copy for playing cannot be loaded. It is made again when the file is analysed again.";

/**
 * A player. Returns {el, stage, open(source, at), seek(s), play(), toggle(), stop(), shuttle(±1),
 * step(frames), time(), playing(), hear(fn)}; source: {url, fps, length, why}.
 */
export function player({ label }) {
  const props = { playsinline: true, preload: "metadata", "aria-label": label, tabindex: -1 };
  const video = h("video", props);
  const told = h("div.over", { hidden: true });
  const stage = h("div.stage", {}, video, told);
  const bar = controls({ toggle, seek: (share) => seek(share * until()) }, volume(video));
  const back = rewinder({ now, first: () => 0, seek, stop });
  const heard = hearers();
  let fps = 25;
  let length = 0;
  let direction = 0; // presses of L, or, below zero, of J
  let wanted = null; // where to go once the video knows how long it is

  function now() {
    return video.currentTime;
  }
  const until = () => (Number.isFinite(video.duration) ? video.duration : length);

  function tell() {
    bar.at(now(), until());
    heard.tell(now());
  }
  function frame() {
    tell();
    if (!video.paused) requestAnimationFrame(frame);
  }
  function seek(at) {
    if (wanted !== null) wanted = at;
    video.currentTime = clamp(at, 0, Math.max(0, until() - 0.001));
    tell();
  }
  function play(rate = 1) {
    back.stop();
    if (now() >= until() - 1.5 / fps) seek(0);
    video.playbackRate = rate;
    bar.speed(rate);
    video.play().catch((error) => error.name !== "AbortError" && fault(LOST));
  }
  function stop() {
    back.stop();
    video.pause();
    direction = 0;
    bar.speed(1);
  }
  function toggle() {
    if (video.paused) play();
    else stop();
  }
  /** J and L: each press goes faster, the other way first stops. */
  function shuttle(way) {
    if (direction * way < 0) {
      stop();
      return;
    }
    direction = clamp(direction + way, -FASTEST, FASTEST);
    const rate = speedOf(direction);
    if (way > 0) {
      play(rate);
      return;
    }
    video.pause();
    back.stop();
    bar.speed(-rate);
    back.start(rate);
  }
  function step(frames) {
    stop();
    seek((Math.round(now() * fps) + frames) / fps + 0.001);
  }
  function fault(words) {
    told.hidden = false;
    fill(told, h("div", {}, words));
  }
  function open(source, at = 0) {
    const same = source.url && video.getAttribute("src") === source.url;
    stop();
    fps = source.fps || 25;
    length = source.length ?? 0;
    told.hidden = true;
    if (!source.url) {
      video.removeAttribute("src");
      video.load();
      fault(source.why ?? "There is nothing to play.");
    } else if (same && video.readyState >= 1) seek(at);
    else {
      wanted = at;
      if (!same) video.src = ours(source.url) ? source.url : "";
    }
  }

  video.addEventListener("play", () => {
    bar.playing(true);
    requestAnimationFrame(frame);
  });
  video.addEventListener("pause", () => {
    bar.playing(false);
    tell();
  });
  video.addEventListener("seeked", tell);
  video.addEventListener("loadedmetadata", () => {
    const at = wanted;
    wanted = null;
    if (at === null) tell();
    else seek(at);
  });
  video.addEventListener("error", () => video.getAttribute("src") && fault(LOST));

  const el = h("div.player", {}, stage, bar.el);
  const playing = () => !video.paused;
  return { el, stage, open, seek, play, toggle, stop, shuttle, step, time: now, playing, hear: heard.add };
}

/** The keys that every player has. */
export const playerKeys = (play) => ({
  " ": ["play or pause", () => play.toggle()],
  j: ["backwards, faster with each press", () => play.shuttle(-1)],
  k: ["stop", () => play.stop()],
  l: ["forwards, faster with each press", () => play.shuttle(1)],
  ArrowLeft: ["a frame back", () => play.step(-1)],
  ArrowRight: ["a frame on", () => play.step(1)],
});

function volume(video) {
  const change = () => (video.volume = Number(slider.value));
  const range = { type: "range", min: 0, max: 1, step: 0.05, value: 1 };
  const props = { ...range, "aria-label": "Volume", style: { width: "70px" }, oninput: change };
  const slider = h("input.hide-small", props);
  return slider;
}

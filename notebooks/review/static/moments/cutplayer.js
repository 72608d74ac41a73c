// Plays a cut clip by clip out of the proxies of its files.
import { clamp, fill, h } from "../kit.js";
import { controls, FASTEST, hearers, rewinder, speedOf } from "../widgets/controls.js";
import { pair } from "./pair.js";

const STILL = "Decisions can still be taken.";
const MISSING = `The copy for playing is missing: analyse the file again to make it. ${STILL}`;
const LOST = `The copy for playing cannot be loaded just now. ${STILL}`;

/**
 * A player of cuts. Returns {el, load({clips, cues, rate}, at), seek(s), play(), stop(), toggle(),
 * shuttle(±1), step(frames), only(from, to), time(), clip(), playing(), hear(fn)}; times are seconds of the
 * cut.
 */
export function cutplayer({ label }) {
  const videos = pair({ onfault: () => tellOf(LOST) });
  const told = h("div.over", { hidden: true });
  const caption = h("div.caption", { "aria-hidden": "true" });
  const bar = controls({ toggle, seek: (share) => seek(low + share * (high - low)) });
  const back = rewinder({ now: () => now, first: () => low, seek, stop });
  const heard = hearers();
  let clips = [];
  let cues = [];
  let rate = 25;
  let total = 0;
  let low = 0; // the stretch that is played
  let high = 0;
  let at = 0; // which clip
  let now = 0;
  let playing = false;
  let direction = 0; // presses of L, or, below zero, of J
  let since = 0; // when the clock was last read, for clips without a picture

  function tellOf(words) {
    told.hidden = false;
    fill(told, h("div", {}, words));
  }
  function enter(index, t, how) {
    at = index;
    const clip = clips[index];
    told.hidden = !!clip?.url;
    if (!clip?.url) tellOf(clip ? MISSING : "This cut holds no clip.");
    videos.enter(clip, clips[index + 1], t, how);
  }
  function tell() {
    bar.at(now - low, high - low, playing);
    const words = cues.find((cue) => cue.start <= now && now < cue.end)?.text ?? "";
    if (caption.textContent !== words) caption.textContent = words;
    heard.tell(now);
  }
  function tick() {
    if (!playing) return;
    const clip = clips[at];
    if (clip?.url) now = clip.at + Math.max(0, videos.front().currentTime - clip.from);
    else now += (performance.now() - since) / 1000;
    since = performance.now();
    if (now >= high - 0.5 / rate) {
      now = Math.max(low, high - 1 / rate);
      stop();
      return;
    }
    if (now >= clip.at + span(clip) - 0.3 / rate && clips[at + 1]) goOn();
    tell();
    requestAnimationFrame(tick);
  }
  /** The next clip plays; what played the last one stops, where it is not the same video. */
  function goOn() {
    const before = videos.front();
    enter(at + 1, 0, { swap: true });
    if (before !== videos.front()) before.pause();
    now = clips[at].at;
    go();
  }
  function go() {
    if (clips[at]?.url) videos.play(speedOf(direction));
  }
  function play(presses = 1) {
    back.stop();
    direction = presses;
    if (now >= high - 1.5 / rate) seek(low);
    playing = true;
    since = performance.now();
    bar.speed(speedOf(presses));
    bar.playing(true);
    go();
    requestAnimationFrame(tick);
  }
  function stop() {
    back.stop();
    playing = false;
    direction = 0;
    videos.pause();
    bar.speed(1);
    bar.playing(false);
    tell();
  }
  function toggle() {
    if (playing || back.running()) stop();
    else play();
  }
  /** J and L: each press goes faster, the other way first stops. */
  function shuttle(way) {
    const presses = clamp(direction + way, -FASTEST, FASTEST);
    if (direction * way < 0) stop();
    else if (presses > 0) play(presses);
    else {
      stop();
      direction = presses;
      bar.speed(-speedOf(presses));
      back.start(speedOf(presses));
    }
  }
  function seek(t) {
    now = clamp(t, low, Math.max(low, high - 1 / rate));
    const index = clipAt(clips, now);
    const inside = now - (clips[index]?.at ?? 0);
    if (index === at) videos.aim(clips[at], inside);
    else {
      videos.pause();
      enter(index, inside);
      if (playing) go();
    }
    tell();
  }
  function step(frames) {
    stop();
    seek((Math.round(now * rate) + frames) / rate);
  }
  function load(cut, where = 0) {
    stop();
    clips = cut.clips;
    cues = cut.cues;
    rate = cut.rate || 25;
    videos.rate(rate);
    total = Math.max(0, ...clips.map((clip) => clip.at + span(clip)));
    low = 0;
    high = total;
    now = clamp(where, 0, Math.max(0, total - 1 / rate));
    const index = clipAt(clips, now);
    enter(index, now - (clips[index]?.at ?? 0));
    tell();
  }
  /** Play no more than this stretch; without arguments all of the cut. */
  function only(from = 0, to = total) {
    low = from;
    high = to;
    if (now < low || now >= high) seek(low);
    tell();
  }

  const stage = h("div.stage", {}, videos.els, caption, told);
  const el = h("div.player", { role: "group", "aria-label": label }, stage, bar.el);
  const state = { time: () => now, clip: () => at, playing: () => playing };
  return { el, load, seek, play, stop, toggle, shuttle, step, only, hear: heard.add, ...state };
}

const span = (clip) => clip.to - clip.from;

/** Which clip is shown at a time of the cut. */
function clipAt(clips, t) {
  const after = clips.findIndex((clip, i) => i > 0 && t < clip.at - 1e-6);
  return after < 0 ? Math.max(0, clips.length - 1) : after - 1;
}

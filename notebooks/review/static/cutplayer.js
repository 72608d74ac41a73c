// Plays a cut clip by clip out of the proxies of its files: while one clip plays, the next waits at its first
// frame, so that the join is seen as it will be in the export.
import { clock, fill, h } from "./kit.js";

const SHUTTLE = [1, 2, 4, 8];

/** {el, load({clips, rate}), seek(s), play(), stop(), toggle(), shuttle(±1), step(frames), time(), clip(), hear(fn), only(from, to)} */
export function cutplayer({ label = "The cut" } = {}) {
  const pair = [0, 1].map(() => h("video", { playsinline: true, preload: "auto", tabindex: -1 }));
  const told = h("div.over", { hidden: true });
  const caption = h("div.caption", { "aria-hidden": "true" });
  const button = h("button.bare.play", { "aria-label": "Play", onclick: () => toggle() }, "▶");
  const stamp = h("span.num.small", {}, "0:00.0");
  const speed = h("span.small.dim.num", {});
  const line = h("input.grow", {
    type: "range",
    min: 0,
    max: 1000,
    step: "any",
    value: 0,
    "aria-label": "Playhead",
    oninput: () => seek(low + (Number(line.value) / 1000) * (high - low)),
  });
  const el = h(
    "div.player",
    { role: "group", "aria-label": label },
    h("div.stage", {}, ...pair, caption, told),
    h("div.row.controls", {}, button, line, stamp, speed),
  );
  const listeners = new Set();
  let clips = [],
    cues = [],
    rate = 25,
    total = 0,
    low = 0,
    high = 0,
    at = 0,
    now = 0,
    playing = false,
    direction = 0,
    backwards = null,
    front = 0,
    since = 0;

  const span = (clip) => clip.to - clip.from;
  const find = (t) => {
    for (let i = clips.length - 1; i > 0; i--) if (t >= clips[i].at - 1e-6) return i;
    return 0;
  };
  const video = () => pair[front];
  function show() {
    pair.forEach((one, i) => {
      one.style.visibility = i === front ? "visible" : "hidden";
    });
  }
  function aim(one, clip, t) {
    if (!clip?.url) {
      one.removeAttribute("src");
      return;
    }
    if (one.getAttribute("src") !== clip.url) {
      one.src = clip.url;
    }
    const to = clip.from + t + 0.0005;
    if (one.readyState >= 1) {
      if (Math.abs(one.currentTime - to) > 0.4 / rate) one.currentTime = to;
    } else
      one.addEventListener(
        "loadedmetadata",
        () => {
          one.currentTime = to;
        },
        { once: true },
      );
  }
  function enter(index, t, swap) {
    at = index;
    const clip = clips[index];
    told.hidden = !!clip?.url;
    if (!clip?.url)
      fill(
        told,
        h(
          "div",
          {},
          clip
            ? "The copy for playing is missing: analyse the file again to make it. Decisions can still be taken."
            : "This cut holds no clip.",
        ),
      );
    if (swap && pair[1 - front].getAttribute("src") === clip?.url) front = 1 - front;
    aim(video(), clip, t);
    show();
    aim(pair[1 - front], clips[index + 1], 0);
  }
  function tell() {
    stamp.textContent = `${clock(now - low)} / ${clock(high - low)}`;
    if (document.activeElement !== line || playing)
      line.value = high > low ? ((now - low) / (high - low)) * 1000 : 0;
    const cue = cues.find((one) => one.start <= now && now < one.end);
    if (caption.textContent !== (cue?.text ?? "")) caption.textContent = cue?.text ?? "";
    listeners.forEach((one) => one(now));
  }
  function tick() {
    if (!playing) return;
    const clip = clips[at];
    if (clip?.url) now = clip.at + Math.max(0, video().currentTime - clip.from);
    else {
      now += (performance.now() - since) / 1000;
    }
    since = performance.now();
    if (now >= high - 0.5 / rate) {
      now = Math.max(low, high - 1 / rate);
      stop();
      tell();
      return;
    }
    if (now >= clip.at + span(clip) - 0.3 / rate && clips[at + 1]) {
      const old = video();
      enter(at + 1, 0, true);
      if (old !== video()) old.pause();
      now = clips[at].at;
      go();
    }
    tell();
    requestAnimationFrame(tick);
  }
  function go(speedUp = SHUTTLE[Math.max(0, Math.abs(direction) - 1)]) {
    const one = video();
    if (!clips[at]?.url) return;
    one.playbackRate = speedUp;
    one.play().catch(() => {});
  }
  function play(way = 1) {
    calm();
    direction = way;
    if (now >= high - 1.5 / rate) seek(low);
    playing = true;
    since = performance.now();
    speed.textContent = way > 1 ? `${SHUTTLE[way - 1]}×` : "";
    button.textContent = "❚❚";
    button.setAttribute("aria-label", "Pause");
    go();
    requestAnimationFrame(tick);
  }
  function stop() {
    calm();
    playing = false;
    direction = 0;
    pair.forEach((one) => one.pause());
    speed.textContent = "";
    button.textContent = "▶";
    button.setAttribute("aria-label", "Play");
    tell();
  }
  function calm() {
    if (backwards) {
      clearInterval(backwards);
      backwards = null;
    }
  }
  function toggle() {
    playing || backwards ? stop() : play();
  }
  function shuttle(way) {
    if (direction * way < 0) {
      stop();
      return;
    }
    const next = Math.max(-4, Math.min(4, direction + way));
    if (next > 0) {
      play(next);
      return;
    }
    stop();
    direction = next;
    speed.textContent = `−${SHUTTLE[-next - 1]}×`;
    backwards = setInterval(() => {
      if (now <= low + 0.01) stop();
      else seek(now - SHUTTLE[-direction - 1] / 12);
    }, 83);
  }
  function seek(t) {
    now = Math.max(low, Math.min(t, Math.max(low, high - 1 / rate)));
    const index = find(now);
    if (index !== at) {
      pair.forEach((one) => one.pause());
      enter(index, now - clips[index].at, false);
      if (playing) go();
    } else aim(video(), clips[at], now - clips[at].at);
    tell();
  }
  function step(frames) {
    stop();
    seek((Math.round(now * rate) + frames) / rate);
  }
  function load(cut, keep = 0) {
    stop();
    clips = cut?.clips ?? [];
    cues = cut?.cues ?? [];
    rate = cut?.rate || 25;
    total = clips.reduce((sum, clip) => Math.max(sum, clip.at + span(clip)), 0);
    low = 0;
    high = total;
    now = Math.max(0, Math.min(keep, Math.max(0, total - 1 / rate)));
    const index = find(now);
    enter(clips.length ? index : 0, clips.length ? now - clips[index].at : 0, false);
    tell();
  }
  /** Play no more than this stretch; without arguments all of the cut. */
  function only(from = 0, to = total) {
    low = from;
    high = to;
    if (now < low || now >= high) seek(low);
    tell();
  }
  pair.forEach((one) =>
    one.addEventListener("error", () => {
      if (one === video() && one.getAttribute("src")) {
        told.hidden = false;
        fill(
          told,
          h("div", {}, "The copy for playing cannot be loaded just now. Decisions can still be taken."),
        );
      }
    }),
  );
  return {
    el,
    load,
    seek,
    play,
    stop,
    toggle,
    shuttle,
    step,
    only,
    time: () => now,
    clip: () => at,
    playing: () => playing,
    hear: (one) => {
      listeners.add(one);
      return () => listeners.delete(one);
    },
  };
}

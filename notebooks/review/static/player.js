// A player of proxies: whoever wants to know where the playhead is subscribes, frame by frame.
import { clock, fill, h } from "./kit.js";

const SHUTTLE = [1, 2, 4, 8];

/** {el, video, open(source), seek(s), toggle(), shuttle(±1), stop(), step(frames), time(), hear(fn), bounds(from, to)} */
export function player({ label = "Player", onended } = {}) {
  const video = h("video", { playsinline: true, preload: "metadata", "aria-label": label, tabindex: -1 });
  const told = h("div.over", { hidden: true });
  const button = h("button.bare.play", { "aria-label": "Play", onclick: () => toggle() }, "▶");
  const time = h("span.num.small", {}, "0:00.0");
  const line = h("input.grow", {
    type: "range",
    min: 0,
    max: 1000,
    step: "any",
    value: 0,
    "aria-label": "Playhead",
    oninput: () => seek(from + (Number(line.value) / 1000) * (until() - from)),
  });
  const volume = h("input.hide-small", {
    type: "range",
    min: 0,
    max: 1,
    step: 0.05,
    value: 1,
    "aria-label": "Volume",
    style: { width: "70px" },
    oninput: () => {
      video.volume = Number(volume.value);
    },
  });
  const speed = h("span.small.dim.num", {}, "");
  const el = h(
    "div.player",
    {},
    h("div.stage", {}, video, told),
    h("div.row.controls", {}, button, line, time, speed, volume),
  );
  const listeners = new Set();
  let fps = 25,
    length = 0,
    from = 0,
    to = null,
    direction = 0,
    backwards = null;

  const until = () => to ?? (Number.isFinite(video.duration) ? video.duration : length);
  const now = () => video.currentTime;
  function tell() {
    const at = now(),
      span = until() - from;
    time.textContent = `${clock(at - from)} / ${clock(span)}`;
    if (document.activeElement !== line) line.value = span > 0 ? ((at - from) / span) * 1000 : 0;
    listeners.forEach((one) => one(at));
  }
  function frame() {
    if (to !== null && now() >= to - 0.5 / fps && !video.paused) {
      video.pause();
      seek(to - 1 / fps);
      onended?.();
      return;
    }
    tell();
    if (!video.paused) requestAnimationFrame(frame);
  }
  function seek(at) {
    video.currentTime = Math.max(from, Math.min(at, Math.max(from, until() - 0.001)));
    tell();
  }
  function toggle() {
    if (video.paused) play();
    else stop();
  }
  function play(rate = 1) {
    calm();
    if (now() >= until() - 1.5 / fps) seek(from);
    video.playbackRate = rate;
    speed.textContent = rate === 1 ? "" : `${rate}×`;
    return video.play().catch((error) => {
      if (error.name !== "AbortError") fault();
    });
  }
  function stop() {
    calm();
    video.pause();
    direction = 0;
    speed.textContent = "";
  }
  function calm() {
    if (backwards) {
      clearInterval(backwards);
      backwards = null;
    }
  }
  /** J and L: each press goes faster, the other way first stops. */
  function shuttle(way) {
    if (direction * way < 0) {
      stop();
      return;
    }
    direction = Math.max(-4, Math.min(4, direction + way));
    const rate = SHUTTLE[Math.abs(direction) - 1];
    if (way > 0) {
      play(rate);
      return;
    }
    video.pause();
    calm();
    speed.textContent = `−${rate}×`;
    backwards = setInterval(() => {
      if (now() <= from + 0.01) stop();
      else seek(now() - rate / 12);
    }, 83);
  }
  function step(frames) {
    stop();
    seek((Math.round(now() * fps) + frames) / fps + 0.001);
  }
  function fault(
    words = "The copy for playing cannot be loaded. It is made again when the file is analysed again.",
  ) {
    told.hidden = false;
    fill(told, h("div", {}, words));
  }

  video.addEventListener("play", () => {
    button.textContent = "❚❚";
    button.setAttribute("aria-label", "Pause");
    requestAnimationFrame(frame);
  });
  video.addEventListener("pause", () => {
    button.textContent = "▶";
    button.setAttribute("aria-label", "Play");
    tell();
  });
  video.addEventListener("seeked", tell);
  video.addEventListener("loadedmetadata", () => {
    if (wanted !== null) {
      const at = wanted;
      wanted = null;
      seek(at);
    }
    tell();
  });
  video.addEventListener("ended", () => onended?.());
  video.addEventListener("error", () => {
    if (video.getAttribute("src")) fault();
  });

  let wanted = null;
  /** source: {url, fps, length, from, to, why}; without a url, `why` says why there is nothing to play. */
  function open(source, at = source.from ?? 0) {
    const same = source.url && video.getAttribute("src") === source.url;
    stop();
    fps = source.fps || 25;
    length = source.length ?? 0;
    from = source.from ?? 0;
    to = source.to ?? null;
    told.hidden = true;
    if (!source.url) {
      video.removeAttribute("src");
      video.load();
      fault(source.why ?? "There is nothing to play.");
      return;
    }
    if (same && video.readyState >= 1) {
      seek(at);
      return;
    }
    wanted = at;
    if (!same) video.src = new URL(source.url, location.href).origin === location.origin ? source.url : "";
  }
  return {
    el,
    video,
    open,
    seek,
    toggle,
    play,
    stop,
    shuttle,
    step,
    time: now,
    fps: () => fps,
    hear: (one) => {
      listeners.add(one);
      return () => listeners.delete(one);
    },
    bounds: (a, b) => {
      from = a;
      to = b;
      tell();
    },
    fault,
  };
}

// Two videos over each other: while one plays a clip, the other waits at the first frame of the next, so that
// the join is seen as it will be in the export.
import { h } from "../kit.js";

/** Into the frame, and not at its very edge, where a video may show the one before. */
const INSIDE_S = 0.0005;

/**
 * A pair. Returns {els, front(), enter(clip, next, t, {swap}), aim(clip, t), play(speed), pause(), rate(n)}.
 */
export function pair({ onfault }) {
  const videos = [0, 1].map(() => h("video", { playsinline: true, preload: "auto", tabindex: -1 }));
  let at = 0;
  let frameRate = 25;
  const front = () => videos[at];
  const back = () => videos[1 - at];

  function aim(video, clip, t) {
    if (!clip?.url) {
      video.removeAttribute("src");
      return;
    }
    if (video.getAttribute("src") !== clip.url) video.src = clip.url;
    const to = clip.from + t + INSIDE_S;
    const go = () => (video.currentTime = to);
    if (video.readyState < 1) video.addEventListener("loadedmetadata", go, { once: true });
    else if (Math.abs(video.currentTime - to) > 0.4 / frameRate) go();
  }
  /** Show a clip, `t` seconds into it, and let the next wait; with `swap` by the video that waits for it. */
  function enter(clip, next, t, { swap = false } = {}) {
    if (swap && back().getAttribute("src") === clip?.url) at = 1 - at;
    aim(front(), clip, t);
    front().style.visibility = "visible";
    back().style.visibility = "hidden";
    aim(back(), next, 0);
  }
  function play(speed) {
    front().playbackRate = speed;
    front()
      .play()
      .catch(() => {}); // a later wish was quicker
  }
  const pause = () => videos.forEach((video) => video.pause());

  for (const video of videos) {
    video.addEventListener("error", () => video === front() && video.getAttribute("src") && onfault());
  }
  const rate = (n) => (frameRate = n);
  return { els: videos, front, enter, aim: (clip, t) => aim(front(), clip, t), play, pause, rate };
}

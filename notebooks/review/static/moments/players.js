// The player of the cut, and beside it, when they are compared, one of another clip.
import { clock, fill, h, options } from "../kit.js";
import { cutplayer } from "./cutplayer.js";

/**
 * Both players. Returns {el, pick, play, load(cut, at), compareNext(), all(what), toggle(), playCut(),
 * playClip(), stop()}; `play` is the player of the cut, and `pick` is the select of what to compare with.
 */
export function players({ desk }) {
  const play = cutplayer({ label: "The cut" });
  const other = cutplayer({ label: "Compared with" });
  const el = h("div.players", {}, play.el, other.el);
  const choose = () => compare(pick.value === "" ? null : Number(pick.value));
  const pick = h("select", { "aria-label": "Compare with", onchange: choose });
  let comparing = null;
  other.el.hidden = true;

  function load(cut, at) {
    play.load(cut, at);
    compare(null);
    const clips = cut.clips.map((clip) => [
      clip.index,
      `${clip.index + 1}. ${clip.name} ${clock(clip.from)}`,
    ]);
    fill(pick, options([["", "nothing"], ...clips]));
  }
  /** Show a clip of this number beside the chosen one; null for none. */
  function compare(index) {
    comparing = index;
    other.el.hidden = index === null;
    el.classList.toggle("two", index !== null);
    const clip = index === null ? null : desk.full?.clips[index];
    if (!clip) {
      play.only();
      return;
    }
    other.load({ ...desk.full, clips: [{ ...clip, at: 0 }], cues: [] });
    onlyChosen();
    other.seek(0);
  }
  function compareNext() {
    const index = comparing === null && desk.full ? (desk.chosen + 1) % desk.full.clips.length : null;
    pick.value = index ?? "";
    compare(index);
  }
  function onlyChosen() {
    const clip = desk.clip();
    play.only(clip.at, clip.at + clip.to - clip.from);
    play.seek(clip.at);
  }
  function playClip() {
    if (!desk.clip()) return;
    onlyChosen();
    play.play();
  }
  function playCut() {
    play.only();
    play.seek(0);
    play.play();
  }
  /** With two side by side, the keys move both. */
  function all(what) {
    what(play);
    if (comparing !== null) what(other);
  }
  function toggle() {
    if (comparing === null) play.toggle();
    else if (play.playing() || other.playing()) all((one) => one.stop());
    else all((one) => one.play());
  }
  function stop() {
    play.stop();
    other.stop();
  }
  return { el, pick, play, load, compareNext, all, toggle, playCut, playClip, stop };
}

// The player of the cut, and beside it, when they are compared, one of another clip or another cut.
import { clock, fill, h, options } from "../kit.js";
import { cutplayer } from "./cutplayer.js";

/**
 * Both players. Returns {el, pick, play, load(cut, at), offer(), compareNext(), all(what), toggle(), playCut(),
 * playClip(), stop()}; `play` is the player of the cut, and `pick` is the select of what to compare with.
 * `onbeside(key)` is called when another cut is wanted beside it, or null.
 */
export function players({ desk, onbeside }) {
  const play = cutplayer({ label: "The cut" });
  const other = cutplayer({ label: "Compared with" });
  const el = h("div.players", {}, play.el, other.el);
  const choose = () => {
    const [kind, what] = pick.value.split(/:(.*)/);
    compare(kind === "clip" ? Number(what) : null);
    onbeside(kind === "cut" ? what : null);
  };
  const pick = h("select", { "aria-label": "Compare with", onchange: choose });
  let offered = ""; // what can be compared with, as JSON: an open select is left alone
  let comparing = false;
  let besides = null; // the key of the cut that stands beside
  other.el.hidden = true;

  function load(cut, at) {
    play.load(cut, at);
    compare(null);
  }
  /** Offer what there is to compare with, and show the other cut where one was wanted. */
  function offer() {
    const { full, data } = desk;
    const clips = full.clips.map(({ index, name, from }) => [
      `clip:${index}`,
      `${index + 1}. ${name} ${clock(from)}`,
    ]);
    const others = data.cuts
      .filter(({ key }) => key !== full.key)
      .map((cut) => [`cut:${cut.key}`, cut.timeline]);
    const words = JSON.stringify([clips, others]);
    if (words !== offered) drawChoices(clips, others);
    offered = words;
    const { beside } = data;
    if (beside && besides !== beside.key) showCut(beside);
    else if (!beside && besides) compare(null);
  }
  function drawChoices(clips, others) {
    const now = pick.value;
    const group = (label, some) => some.length > 0 && h("optgroup", { label }, options(some, now));
    fill(pick, options([["", "nothing"]]), group("Clips of this cut", clips), group("Other cuts", others));
  }
  function showCut(cut) {
    show();
    besides = cut.key;
    other.load(cut);
    play.only();
    play.seek(0);
    other.seek(0);
  }
  function show() {
    comparing = true;
    besides = null;
    other.el.hidden = false;
    el.classList.add("two");
  }
  /** Show a clip of this number beside the chosen one; null for none. */
  function compare(index) {
    const clip = index === null ? null : desk.full?.clips[index];
    if (!clip) {
      if (comparing) other.stop();
      comparing = false;
      besides = null;
      other.el.hidden = true;
      el.classList.remove("two");
      play.only();
      return;
    }
    show();
    other.load({ ...desk.full, clips: [{ ...clip, at: 0 }], cues: [] });
    onlyChosen();
    other.seek(0);
  }
  function compareNext() {
    const index = !comparing && desk.full ? (desk.chosen + 1) % desk.full.clips.length : null;
    pick.value = index === null ? "" : `clip:${index}`;
    choose();
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
    if (comparing) what(other);
  }
  function toggle() {
    if (!comparing) play.toggle();
    else if (play.playing() || other.playing()) all((one) => one.stop());
    else all((one) => one.play());
  }
  function stop() {
    play.stop();
    other.stop();
  }
  return { el, pick, play, load, offer, compareNext, all, toggle, playCut, playClip, stop };
}

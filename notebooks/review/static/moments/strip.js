// The clips of a cut in a row, each as long as it lasts, with the playhead over them.
import { fill, h, percent } from "../kit.js";

const THINNEST = 0.02;

/** A strip of clips. Returns {el, show(clips), choose(index), head(share)}. */
export function strip({ onchoose }) {
  const el = h("div.strip", { role: "listbox", "aria-label": "Clips" });

  const button = (clip) =>
    h(
      "button",
      {
        role: "option",
        "data-index": clip.index,
        "aria-label": `Clip ${clip.index + 1}, ${clip.name}`,
        title: `${clip.name}\n${clip.reason}`,
        style: { flexGrow: Math.max(THINNEST, clip.to - clip.from) },
        onclick: () => onchoose(clip.index),
      },
      h("span.clip", {}, String(clip.index + 1)),
      h("span.small.dim.clip", {}, clip.name),
    );
  return {
    el,
    show: (clips) => fill(el, clips.map(button), h("i.playhead")),
    choose(index) {
      for (const option of el.querySelectorAll("[role=option]")) {
        option.setAttribute("aria-selected", String(option.dataset.index === String(index)));
      }
    },
    head: (share) => el.style.setProperty("--head", percent(share)),
  };
}

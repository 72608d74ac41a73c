// The tools that change the chosen clip, above its waveform.
import { clock, fill, h, heading } from "../kit.js";
import { joining } from "./changes.js";

/** The row of tools. Returns {el, draw()}; what they do lies in `changes`. */
export function bench({ desk, trim, changes }) {
  const el = h("div.row");

  function tool(words, onclick, enabled, { kind = "button", ...props } = {}) {
    return h(kind, { disabled: !enabled || !desk.may, onclick, ...props }, words);
  }
  function span() {
    const [start, end] = trim.span();
    const words = `${clock(start, 2)} – ${clock(end, 2)} · ${(end - start).toFixed(2)} s`;
    return h("span.small.num.dim", { role: "status" }, desk.clip() ? words : "");
  }
  function draw() {
    const { full, chosen } = desk;
    const { retime, split, merge, shift, remove } = changes;
    const dirty = trim.dirty();
    const clips = full?.clips ?? [];
    const joins = joining(clips, chosen) !== null;
    const withEnd = "M: with the clip that goes on where this one ends";
    fill(
      el,
      heading("Trim"),
      span(),
      tool("Apply", retime, dirty, { "data-verb": "retime", class: dirty ? "main" : "", title: "Enter" }),
      h("button.bare", { disabled: !dirty, onclick: trim.reset, title: "Escape" }, "Reset"),
      tool("Split here", split, desk.clip(), { "data-verb": "split", title: "S" }),
      tool("Merge", merge, joins, { "data-verb": "merge", title: withEnd }),
      tool("←", () => shift(-1), chosen, { "data-verb": "move", "aria-label": "Earlier", title: "<" }),
      tool("→", () => shift(1), clips[chosen + 1], { "aria-label": "Later", title: ">" }),
      tool("Take out", remove, clips.length > 1, { kind: "button.bad", "data-verb": "remove", title: "X" }),
    );
  }
  return { el, draw };
}

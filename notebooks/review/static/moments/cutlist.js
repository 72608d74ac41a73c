// The cuts of a batch, one to choose.
import { clock, counted, fill, gap, h } from "../kit.js";
import { standing } from "./words.js";

/** A list of cuts. Returns {el, show(cuts, chosen)}. */
export function cutList({ onchoose }) {
  const list = h("div.stack", gap(6, { role: "listbox", "aria-label": "Cuts" }));
  const heading = h("h2", { style: { margin: 0 } }, "Cuts");

  function card(cut, chosen) {
    const here = String(cut.key === chosen?.key);
    const older = cut.older ? " · of an earlier choice of moments" : "";
    const facts = `${clock(cut.seconds)} · ${counted(cut.clips, "clip")} · ${cut.aspects.join(" ")}${older}`;
    const props = { role: "option", "aria-current": here, "aria-selected": here };
    return h(
      "button.card",
      { ...props, onclick: () => onchoose(cut.key) },
      h("div.top", {}, h("span.grow.clip", {}, cut.timeline), standing(cut)),
      h("div.small.dim.num", {}, facts),
    );
  }
  return {
    el: h("aside.panel.stack.cuts", gap(10), heading, list),
    show(cuts, chosen) {
      fill(list, chosen ? cuts.map((cut) => card(cut, chosen)) : h("p.dim", {}, "No cut yet."));
    },
  };
}

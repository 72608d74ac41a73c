// The scoring lab: knobs and weights on the left; on the right the moments they choose, beside those of the
// profile they start from.
import { ask, calmly, clock, endAll, failed, fill, follow, h, keys, root, say } from "./kit.js";
import { chosenMoments } from "./lab/chosen.js";
import { keepForm } from "./lab/keeping.js";
import { weightSliders } from "./lab/weights.js";

const ASK_MS = 60;

/** Draw the lab. */
export function render({ model, el }) {
  const place = root(el);
  let data = null;

  const sliders = weightSliders({ onchange: calmly(() => ask(model, sliders.wishes()), ASK_MS) });
  const moments = chosenMoments();
  const told = h("span.dim.small.num", { role: "status" });
  const panel = h("div.stack", {}, sliders.els, keepForm({ dataOf: () => data }));
  const page = h(
    "main.page",
    {},
    h("div.row", {}, h("h1", {}, "Scoring lab"), h("span.grow"), told),
    h("div.side", {}, panel, moments.el),
  );

  function show(found) {
    if (found.error) {
      if (data) say(found.error, "bad");
      else failed(place, found.error, h("h1", {}, "Scoring lab"));
      return;
    }
    if (!data) {
      sliders.build(found);
      fill(place, page);
    }
    data = found;
    sliders.show(data);
    const took = `${clock(data.seconds, 0)} of footage scored in ${Math.round(data.took_ms)} ms`;
    told.textContent = `beside ${data.base.name} · ${took}`;
    moments.show(data);
  }
  const stopData = follow(model, "data", show);
  const stopKeys = keys(place, { 0: ["back to the profile", sliders.reset] });
  return endAll(stopData, stopKeys);
}

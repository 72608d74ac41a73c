// The scoring lab: knobs and weights on the left; on the right the moments they choose, beside those of the
// profile they start from.
import { ask, beside, calmly, clock, endAll, failed, fill, follow, h, keys, root, say } from "./kit.js";
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
  const panel = h("div.stack", {}, sliders.els, keepForm({ tried, model }));
  const start = h("select", { "aria-label": "The profile to start from", onchange: startFrom });
  const page = h(
    "main.page",
    {},
    h("div.row", {}, h("h1", {}, "Scoring lab"), h("span.grow"), told, beside("Start from", start)),
    h("div.side", {}, panel, moments.el),
  );

  /** What comes of the sliders as they stand now, also where one was turned a moment ago. */
  async function tried() {
    await ask(model, sliders.wishes());
    return data;
  }
  function startFrom() {
    sliders.forget();
    ask(model, { base: start.value, ...sliders.wishes() });
  }
  function show(found) {
    if (found.error) {
      if (data) say(found.error, "bad");
      else failed(place, found.error, h("h1", {}, "Scoring lab"));
      return;
    }
    if (found.base.hash !== data?.base.hash) {
      sliders.build(found);
      fill(start, found.profiles.map(profileOption));
      start.value = found.base.hash;
    }
    if (!data) fill(place, page);
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

const profileOption = ({ name, hash, stage }) =>
  h("option", { value: hash }, `${name} · ${stage === "research" ? hash.slice(0, 6) : stage}`);

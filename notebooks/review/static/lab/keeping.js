// The form by which weights that were tried are kept: for research, or as a candidate that the gate let pass.
import { api, attempt, emptied, fresh, h, heading, kept, may, onlyFor } from "../kit.js";

const GATE_MS = 300000;
const WHY = {
  viewer: "Your key may look but not keep them.",
  reviewer: "They are kept for research; an operator takes them on to the gate.",
  operator:
    "The gate judges them on the golden dataset, which takes about a minute. A candidate scores nothing in " +
    "production before it is approved.",
};

/** A form; `tried()` gives what is to be kept. */
export function keepForm({ tried, model }) {
  const judges = may(model, "operator");
  const why = judges ? WHY.operator : may(model, "reviewer") ? WHY.reviewer : WHY.viewer;
  const words = "Name of the new profile";
  const pattern = "[A-Za-z0-9][A-Za-z0-9_ \\-]{0,99}";
  const props = { placeholder: words, "aria-label": words, required: true, pattern };
  const name = kept("lab.name", h("input.grow", props));
  const saying = judges ? "Save as candidate" : "Save";
  const save = h("button.main", { type: "submit" }, saying);

  async function keep(event) {
    event.preventDefault();
    const called = name.value.trim();
    const { base, signals, batch } = await tried();
    const weighed = signals.filter(({ weight }) => weight > 0).map((signal) => [signal.name, signal.weight]);
    const body = { name: called, base: base.hash, weights: Object.fromEntries(weighed) };
    const create = () => api("POST", "/api/profiles", { body, key: fresh() });
    const made = await attempt(save, create, judges ? "Kept; the gate judges it now" : "Kept for research");
    if (made && (!judges || (await judged(made.data.hash, called, batch)))) emptied(name);
  }
  async function judged(hash, called, batch) {
    save.textContent = "The gate judges…";
    const body = { reason: `chosen in the scoring lab on batch ${batch.slice(0, 8)}`, to: "candidate" };
    const judge = () => api("POST", `/api/profiles/${hash}/promote`, { body, patience: GATE_MS });
    const passed = await attempt(save, judge, `${called} is a candidate`);
    save.textContent = saying;
    return passed;
  }
  return h(
    "form.panel.stack",
    { onsubmit: keep },
    heading("Keep these weights"),
    h("p.dim.small", {}, why),
    onlyFor(model, "reviewer", h("div.row", {}, name, save)),
  );
}

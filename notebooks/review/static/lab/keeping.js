// The form by which weights that were tried are kept as a candidate, once the gate let them pass.
import { api, attempt, emptied, fresh, h, heading, kept } from "../kit.js";

const GATE_MS = 300000;
const WHY =
  "The gate judges them on the golden dataset, which takes about a minute. A candidate scores nothing in " +
  "production before it is approved.";

/** A form; `dataOf()` is what was tried last. */
export function keepForm({ dataOf }) {
  const words = "Name of the new profile";
  const pattern = "[A-Za-z0-9][A-Za-z0-9_ \\-]{0,99}";
  const props = { placeholder: words, "aria-label": words, required: true, pattern };
  const name = kept("lab.name", h("input.grow", props));
  const save = h("button.main", { type: "submit" }, "Save as candidate");

  async function keep(event) {
    event.preventDefault();
    const called = name.value.trim();
    const { base, signals, batch } = dataOf();
    const weighed = signals.filter(({ weight }) => weight > 0).map((signal) => [signal.name, signal.weight]);
    const body = { name: called, base: base.name, weights: Object.fromEntries(weighed) };
    const create = () => api("POST", "/api/profiles", { body, key: fresh() });
    const made = await attempt(save, create, "Kept; the gate judges it now");
    if (!made) return;
    save.textContent = "The gate judges…";
    const promotion = { reason: `chosen in the scoring lab on batch ${batch.slice(0, 8)}`, to: "candidate" };
    const path = `/api/profiles/${made.data.hash}/promote`;
    const judge = () => api("POST", path, { body: promotion, patience: GATE_MS });
    const judged = await attempt(save, judge, `${called} is a candidate`);
    save.textContent = "Save as candidate";
    if (judged) emptied(name);
  }
  return h(
    "form.panel.stack",
    { onsubmit: keep },
    heading("Keep these weights"),
    h("p.dim.small", {}, WHY),
    h("div.row", {}, name, save),
  );
}

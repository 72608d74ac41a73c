// The knobs and the raw weights that the scoring is tried with.
import { fill, h, heading } from "../kit.js";

const KNOBS = {
  energy: "movement, cuts, loud sound",
  talk: "speech and what the brief names",
  beauty: "sharp, well lit, rich pictures",
};
const KNOB_RANGE = [-1, 1, 0.05];
const WEIGHT_RANGE = [0, 0.6, 0.005];
const SAME = 0.001;

/**
 * The sliders. Returns {els, build(data), show(data), forget(), reset(), wishes()}; `onchange()` is called
 * after each turn, and `wishes()` are the knobs and weights that were turned.
 */
export function weightSliders({ onchange }) {
  const sliders = new Map(); // by knob or signal
  const knobs = {};
  const weights = {};
  const knobPanel = h("section.panel.stack");
  const weightList = h("div.stack", { style: { marginTop: "12px", gap: "10px" } });
  const weightPanel = h("details.panel", {}, h("summary", {}, "Raw weights"), weightList);
  let signals = [];

  function slider(name, words, help, [min, max, step], value, set) {
    const shown = h("output.num");
    const turn = () => {
      set(Number(input.value));
      onchange();
    };
    const input = h("input", { type: "range", min, max, step, value, "aria-label": words, oninput: turn });
    sliders.set(name, { input, shown });
    const label = h("span", { style: { color: "var(--text)" } }, words);
    const style = { justifyContent: "space-between", fontSize: "14px" };
    return h("label", { title: help }, h("span.row", { style }, label, shown), input);
  }
  function build(data) {
    sliders.clear();
    const turnable = Object.entries(KNOBS).filter(([knob]) => data.knobs[knob]?.length);
    const knob = ([name, help]) => slider(name, name, help, KNOB_RANGE, 0, (value) => (knobs[name] = value));
    const weight = ({ name, label, measured, meaning, base }) => {
      const words = measured ? label : `${label} (not measured here)`;
      return slider(name, words, meaning, WEIGHT_RANGE, base, (value) => (weights[name] = value));
    };
    const back = h("button", { onclick: reset, style: { justifySelf: "start" } }, "Back to the profile");
    fill(knobPanel, heading("Three knobs"), turnable.map(knob), back);
    fill(weightList, data.signals.map(weight));
  }
  function show(data) {
    signals = data.signals;
    for (const { name, weight, base } of signals) {
      const { shown } = sliders.get(name) ?? {};
      if (!shown) continue;
      shown.textContent = `${(100 * weight).toFixed(1)} %`;
      shown.style.color = Math.abs(weight - base) > SAME ? "var(--accent)" : "";
    }
    for (const knob of Object.keys(KNOBS)) {
      const turned = knobs[knob] ?? 0;
      const words = `${turned > 0 ? "+" : ""}${turned.toFixed(2)}`;
      if (sliders.has(knob)) sliders.get(knob).shown.textContent = turned ? words : "0";
    }
  }
  /** What was turned counts no more. */
  function forget() {
    for (const turned of [knobs, weights]) for (const name in turned) delete turned[name];
  }
  /** Back to the weights of the profile. */
  function reset() {
    forget();
    const start = [
      ...signals.map(({ name, base }) => [name, base]),
      ...Object.keys(KNOBS).map((knob) => [knob, 0]),
    ];
    for (const [name, value] of start) if (sliders.has(name)) sliders.get(name).input.value = value;
    onchange();
  }
  function wishes() {
    const turned = Object.entries(knobs).filter(([, value]) => value);
    return { knobs: Object.fromEntries(turned), weights: { ...weights } };
  }
  return { els: [knobPanel, weightPanel], build, show, forget, reset, wishes };
}

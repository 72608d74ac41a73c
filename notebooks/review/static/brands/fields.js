// The fields that a kit is edited with: each reads its value once and says when it changes.
import { h, heading, options } from "../kit.js";

/** A panel of the form. */
export const panel = (title, ...inner) =>
  h("section.panel.stack", { style: { gap: "12px" } }, heading(title), ...inner);

/** Fields beside each other, as many as there is room for. */
export const fieldRow = (...fields) => h("div.fields", {}, ...fields);

/** A small remark. */
export const hint = (words) => h("p.dim.small", { style: { margin: 0 } }, words);

/** A line of text. */
export function textField(words, value, set, props = {}) {
  const input = h("input", { value: value ?? "", oninput: () => set(input.value), ...props });
  return h("label", {}, words, input);
}

/** One of [value, words]. */
export function choiceField(words, choices, value, set) {
  const select = h("select", { onchange: () => set(select.value) }, options(choices, value));
  return h("label", {}, words, select);
}

/** A number within [lowest, highest, step]; `show` puts it into words. */
export function slideField(words, [min, max, step], value, set, show) {
  const shown = h("output.num", {}, show(value));
  const change = () => {
    set(Number(input.value));
    shown.textContent = show(Number(input.value));
  };
  const input = h("input", { type: "range", min, max, step, value, oninput: change });
  const top = h("span.row", { style: { justifyContent: "space-between" } }, words, shown);
  return h("label", {}, top, input);
}

/** A colour. */
export function colourField(words, title, value, set) {
  const shown = h("code", {}, value);
  const change = () => {
    shown.textContent = input.value;
    set(input.value);
  };
  const input = h("input", { type: "color", value, "aria-label": words, oninput: change });
  return h("label", { title }, words, h("span.row", { style: { flexWrap: "nowrap" } }, input, shown));
}

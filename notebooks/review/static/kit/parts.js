// Small parts that views have in common.
import { fill, h } from "./dom.js";
import { may } from "./model.js";

const KINDS = {
  good: ["ready", "analyzed", "approved", "complete", "done", "passed"],
  bad: ["failed", "rejected", "blocked", "cancelled"],
  busy: ["downloading", "analyzing", "rendering", "assembling", "doing", "in_progress"],
  wait: ["needsreview", "ready_for_review", "paused", "partial"],
};

/** A state as a chip: its colour is its kind, its word is the store's. */
export function chip(state, words = null) {
  const kind = Object.keys(KINDS).find((name) => KINDS[name].includes(state));
  const word = String(state).replaceAll("_", " ").replace("needsreview", "needs review");
  return h(kind ? `span.chip.${kind}` : "span.chip", {}, words ?? word);
}

/** A chip that is pressed, or not. */
export function pressChip(words, pressed, onclick, props = {}) {
  const style = { borderColor: pressed ? "var(--accent)" : "" };
  return h("button.chip.plain", { "aria-pressed": String(pressed), style, onclick, ...props }, words);
}

/** Tabs: choices are [value, words, may it be chosen]. */
export function tabs(choices, chosen, choose, props = {}) {
  const tab = ([value, words, able = true]) =>
    h(
      "button",
      { "aria-pressed": String(value === chosen), disabled: !able, onclick: () => choose(value) },
      words,
    );
  return h("div.tabs", props, choices.map(tab));
}

/** Options of a select, out of [value, words]. */
export const options = (choices, chosen = null) =>
  choices.map(([value, words]) => h("option", { value, selected: value === chosen }, words));

/** A heading that stands beside others, or close above what it is about. */
export const heading = (...words) => h("h2.grow", { style: { margin: 0 } }, ...words);

/** Props of a row or a stack whose children stand so many pixels apart. */
export const gap = (pixels, props = {}) => ({ ...props, style: { gap: `${pixels}px`, ...props.style } });

/** A field with its name before it, in a row. */
export function beside(words, field) {
  const style = { display: "flex", alignItems: "center", gap: "8px" };
  return h("label.small", { style }, words, field);
}

/** The style of a video that fills the stage that it stands on. */
export const FILLING = {
  position: "absolute",
  inset: 0,
  width: "100%",
  height: "100%",
  maxHeight: "none",
  objectFit: "contain",
};

/** What is for a role: all others see it, and cannot press or fill in anything of it. */
export const onlyFor = (model, role, ...children) =>
  h("fieldset.only", { disabled: !may(model, role) }, ...children);

/** The address of an app, about what `query` names. */
export function appLink(app, query = {}) {
  const named = Object.entries(query).filter(([, value]) => value);
  const asked = named.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
  return `/apps/${app}/${asked ? "?" : ""}${asked}`;
}

/** The way back to what arrived. */
export const toBatches = (words = "All batches", kind = "a.button") =>
  h(kind, { href: appLink("batches") }, words);

/** Nothing here, why, and what to do about it. */
export const empty = (title, ...advice) =>
  h(
    "div.empty",
    {},
    h("h2", {}, title),
    advice.map((line) => (line instanceof Node ? line : h("div", {}, line))),
  );

/** What the Python side could not give, in one plain message with a way on. */
export const trouble = (error) =>
  h(
    "div.notice",
    { role: "alert" },
    h("div.grow", {}, error),
    toBatches(),
    h("button", { onclick: () => location.reload() }, "Try again"),
  );

/** Show nothing but this, as a page of its own. */
export const onePage = (place, ...children) => fill(place, h("main.page", {}, ...children));

/** Show trouble in place of the page. */
export const failed = (place, error, ...above) => onePage(place, ...above, trouble(error));

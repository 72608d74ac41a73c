// Keys that act, and the sheet that shows them.
import { h } from "./dom.js";

const TYPED_INTO = ["INPUT", "TEXTAREA", "SELECT"];
const NOT_TYPED = ["range", "checkbox"];

/** Keys that act: keys(el, {a: ["approve", fn]}); `?` shows them all. Returns how to stop. */
export function keys(el, table) {
  const dialog = sheet(table);
  el.append(dialog);
  const press = (event) => {
    const at = event.composedPath()[0];
    if (event.ctrlKey || event.metaKey || event.altKey || typing(at)) return;
    if (event.key === "?") {
      event.preventDefault();
      if (dialog.open) dialog.close();
      else dialog.showModal();
      return;
    }
    if (dialog.open || !el.isConnected) return;
    const found = table[event.key] ?? table[event.key.toLowerCase()];
    if (!found || (event.key === " " && pressable(at))) return;
    event.preventDefault();
    event.stopPropagation();
    found[1](event);
  };
  window.addEventListener("keydown", press, true);
  return () => window.removeEventListener("keydown", press, true);
}

/** A button that was clicked gives the keys back: space plays, and does not press it again. */
export function yieldKeys(page) {
  page.addEventListener("click", (event) => {
    if (event.detail) event.target.closest("button")?.blur();
  });
  page.addEventListener("change", (event) => {
    if (event.target.tagName === "SELECT") event.target.blur();
  });
}

function typing(at) {
  if (!(at instanceof HTMLElement)) return false;
  return at.isContentEditable || (TYPED_INTO.includes(at.tagName) && !NOT_TYPED.includes(at.type));
}

const pressable = (at) => at instanceof HTMLElement && ["BUTTON", "A"].includes(at.tagName);

function sheet(table) {
  const rows = [...Object.entries(table), ["?", ["this sheet"]]];
  const dialog = h(
    "dialog",
    {},
    h("h2", {}, "Keys"),
    h(
      "div.keys",
      {},
      rows.flatMap(([key, [words]]) => [h("kbd", {}, key === " " ? "space" : key), h("span", {}, words)]),
    ),
    h("p", {}),
    h("button", { onclick: () => dialog.close() }, "Close"),
  );
  return dialog;
}

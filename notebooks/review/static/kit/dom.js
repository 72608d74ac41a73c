// Elements. Text reaches the page as text nodes only, so that nothing that came with footage (names,
// transcripts, errors) can run.

const SHEETS = new URL("..", import.meta.url).pathname; // beside us, of the same version

/** An element: h("button.main", {onclick: save}, "Save"). Children are elements, text, or null for none. */
export function h(what, props = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const made = document.createElement(tag || "div");
  if (classes.length) made.className = classes.join(" ");
  for (const [name, value] of Object.entries(props ?? {})) {
    if (!absent(value)) give(made, name, value);
  }
  made.append(...children.flat(4).filter((child) => !absent(child)));
  return made;
}

const absent = (value) => value === null || value === undefined || value === false;

function give(element, name, value) {
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "style") Object.assign(element.style, value);
  else if (name === "value") element.value = value;
  else if (["href", "src"].includes(name) && !ours(value)) return;
  else element.setAttribute(name, value === true ? "" : value);
}

/** Whether an address is one of this very server: neither javascript: nor somebody else's. */
export const ours = (url) => new URL(url, location.href).origin === location.origin;

/** Put these in the place of all that was there; what is null, false or empty is left out. */
export const fill = (place, ...children) => place.replaceChildren(...children.flat(4).filter(Boolean));

/** The root of a view inside a widget: our styles, and a place to draw in. `more` names further sheets. */
export function root(el, ...more) {
  const place = h("div.ed");
  el.replaceChildren(styles(), ...more.map(styles), place);
  return place;
}

/** An element that stands outside of every view and looks as if it stood in one. */
export const outside = (element) => h("div.ed", {}, styles(), element);

const styles = (name = "widgets") => h("link", { rel: "stylesheet", href: `${SHEETS}${name}.css` });

/** Whether somebody is typing into, or has opened, something inside of this element. */
export const busy = (element) => element.contains(element.getRootNode().activeElement);

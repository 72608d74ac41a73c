// The map of all readings by genre and locale; a cell that is pressed narrows everything to it.
import { fill, h, heading } from "../kit.js";
import { named, readingsOf } from "./words.js";

const HEATS = [2, 4, 10]; // readings from which a cell is warmer

/**
 * A map. Returns {el, show(map), clear(), holds(one)}; `onchange()` tells that another cell is pressed, or
 * none.
 */
export function coverage({ onchange }) {
  const el = h("section.panel");
  let map = null;
  let pressed = null;

  const holds = ({ locale, genre }) => !pressed || (locale === pressed.locale && genre === pressed.genre);
  const isPressed = (cell) => pressed !== null && holds(cell);

  function press(cell) {
    pressed = cell;
    show(map);
    onchange();
  }
  function show(found) {
    map = found;
    const { genres, locales, cells } = map;
    const at = new Map(cells.map((cell) => [`${cell.genre}|${cell.locale}`, cell]));
    const row = (genre) =>
      h(
        genre ? "tr" : "tr.sum",
        {},
        h("th", { scope: "row" }, named(genre)),
        locales.map((locale) => draw(at.get(`${genre}|${locale}`))),
      );
    const heads = locales.map((locale) => h("th", { scope: "col" }, named(locale)));
    const table = h(
      "table.heat",
      {},
      h("colgroup", {}, h("col", { style: { width: "92px" } })),
      h("thead", {}, h("tr", {}, h("td"), heads)),
      h("tbody", {}, genres.map(row)),
    );
    const hint = h("span.dim.small", {}, "readings by genre and locale; marked where some changed");
    const top = h(
      "div.row",
      { style: { marginBottom: "10px" } },
      heading("Coverage"),
      pressed ? undo() : hint,
    );
    fill(el, top, h("div", { style: { overflowX: "auto" } }, table));
  }
  const undo = () =>
    h(
      "button.bare",
      { onclick: () => press(null) },
      `Only ${named(pressed.genre)}, ${named(pressed.locale)} ✕`,
    );

  function draw(cell) {
    if (!cell || (!cell.readings && !Object.keys(cell.items).length)) {
      return h("td", {}, h("span.nothing", { "aria-hidden": "true" }, "·"));
    }
    const { genre, locale, readings, changed } = cell;
    const items = Object.entries(cell.items).map(([whose, count]) => `${count} ${whose}`);
    const words = `${named(genre)}, ${named(locale)}: ${readingsOf(cell)}`;
    const kind = `button.cell${changed ? ".off" : ""}${readings ? "" : ".bare"}`;
    const props = {
      "aria-pressed": String(isPressed(cell)),
      title: `${words}. Golden items: ${items.join("; ") || "no golden item"}`,
      "aria-label": words,
      "data-heat": HEATS.filter((least) => readings >= least).length + 1,
      onclick: () => press(isPressed(cell) ? null : cell),
    };
    const mark = changed ? h("i", {}, `${changed}`) : null;
    return h(locale ? "td" : "td.sum", {}, h(kind, props, readings, mark));
  }
  const clear = () => (pressed = null);
  return { el, show, clear, holds };
}

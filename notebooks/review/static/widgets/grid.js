// A table that stays quick with tens of thousands of rows: only the lines in sight exist.
import { clamp, fill, h, onceAFrame } from "../kit.js";

const LINE = 48;
const SPARE = 8;
const STEPS = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };

/**
 * A table. columns: [{words, width, draw(row), value(row), right, small}]; `value` makes a column sortable,
 * and `small: false` leaves it out on telephones. `nothing()` is shown where there is no row. Returns {el,
 * show(rows)}.
 */
export function grid({ columns, onopen, height = "calc(100vh - 330px)", nothing }) {
  const small = matchMedia("(max-width: 640px)");
  const shown = () => columns.filter((column) => !small.matches || column.small !== false);
  const template = () =>
    shown()
      .map((column) => column.width)
      .join(" ");
  const body = h("div", { style: { position: "relative" } });
  const heads = h("div.line.heads", { role: "row" });
  const style = { maxHeight: height, minHeight: "120px" };
  const scroll = h("div.scroll", { tabindex: 0, role: "grid", style }, heads, body);
  const sorting = { by: null, down: false };
  let rows = [];
  let sorted = [];
  let at = -1;
  let drawn = ""; // what the lines in sight were drawn for

  function sortBy(column) {
    sorting.down = sorting.by === column ? !sorting.down : !!column.right;
    sorting.by = column;
    order();
  }
  function order() {
    sorted = inOrder(rows, sorting);
    header();
    drawn = "";
    draw();
  }
  function header() {
    heads.style.gridTemplateColumns = template();
    fill(
      heads,
      shown().map((column) => head(column, sorting, () => sortBy(column))),
    );
  }
  function draw() {
    if (!sorted.length) {
      body.style.height = "auto";
      drawn = "";
      fill(body, nothing());
      return;
    }
    body.style.height = `${sorted.length * LINE}px`;
    const first = Math.max(0, Math.floor(scroll.scrollTop / LINE) - SPARE);
    const below = Math.ceil((scroll.scrollTop + (scroll.clientHeight || 800)) / LINE) + SPARE;
    const end = Math.min(sorted.length, below);
    const now = `${first}:${end}:${at}`;
    if (now === drawn) return;
    drawn = now;
    fill(
      body,
      sorted.slice(first, end).map((row, i) => line(row, first + i)),
    );
  }
  function line(row, index) {
    const place = { top: `${index * LINE}px`, height: `${LINE}px`, gridTemplateColumns: template() };
    const props = {
      role: "row",
      "aria-selected": String(index === at),
      "data-key": row.id,
      style: { ...place, cursor: onopen ? "pointer" : "default" },
      onclick: (event) => {
        at = index;
        if (!event.target.closest("button, a, input")) onopen?.(row);
      },
    };
    const cell = (column) =>
      h(column.right ? "div.clip.right.num" : "div.clip", { role: "gridcell" }, column.draw(row));
    return h("div.line.item", props, shown().map(cell));
  }
  function move(step) {
    at = clamp(at + step, 0, sorted.length - 1);
    const top = at * LINE;
    const bottom = top + 2 * LINE; // the heads cover a line
    if (top < scroll.scrollTop) scroll.scrollTop = top;
    if (bottom > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = bottom - scroll.clientHeight;
    draw();
  }

  scroll.addEventListener("scroll", onceAFrame(draw), { passive: true });
  scroll.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (step) {
      event.preventDefault();
      move(step);
    }
    if (event.key === "Enter" && sorted[at] && event.target === scroll) onopen?.(sorted[at]);
  });
  new ResizeObserver(() => {
    drawn = "";
    header();
    draw();
  }).observe(scroll);

  function show(found) {
    rows = found;
    order();
  }
  return { el: h("div.grid", {}, scroll), show };
}

function inOrder(rows, { by, down }) {
  if (!by) return rows;
  const way = down ? -1 : 1;
  return [...rows].sort((a, b) => {
    const x = by.value(a);
    const y = by.value(b);
    return (x < y ? -1 : x > y ? 1 : 0) * way;
  });
}

function head(column, { by, down }, onclick) {
  const arrow = by !== column ? "" : down ? " ↓" : " ↑";
  const words = column.value ? h("button", { onclick }, column.words, arrow) : column.words;
  return h(column.right ? "div.right" : "div", { role: "columnheader" }, words);
}

/** Rows out of columns: {id: [...], name: [...]} as the Python side sends them. */
export function rowsOf(columns) {
  const names = Object.keys(columns);
  const count = names.length ? columns[names[0]].length : 0;
  return Array.from({ length: count }, (_, i) =>
    Object.fromEntries(names.map((name) => [name, columns[name][i]])),
  );
}

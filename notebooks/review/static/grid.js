// A table that stays quick with tens of thousands of rows: only the lines in sight exist.
import { fill, h } from "./kit.js";

const LINE = 48,
  SPARE = 8;

/**
 * columns: [{name, words, width, draw(row), value(row), right, small}] ; `small: false` leaves a column out on telephones.
 * Returns {el, show(rows), chosen()}.
 */
export function grid({ columns, onopen, height = "calc(100vh - 330px)", key = "id", nothing }) {
  let rows = [],
    sorted = [],
    by = null,
    down = false,
    at = -1,
    drawn = "";
  const small = matchMedia("(max-width: 640px)");
  const shown = () => columns.filter((one) => !small.matches || one.small !== false);
  const body = h("div", { style: { position: "relative" } });
  const heads = h("div.line.heads", { role: "row" });
  const scroll = h(
    "div.scroll",
    { tabindex: 0, role: "grid", style: { maxHeight: height, minHeight: "120px" } },
    heads,
    body,
  );
  const el = h("div.grid", {}, scroll);
  const template = () =>
    shown()
      .map((one) => one.width ?? "1fr")
      .join(" ");

  function header() {
    heads.style.gridTemplateColumns = template();
    fill(
      heads,
      shown().map((one) =>
        h(
          `div${one.right ? ".right" : ""}`,
          { role: "columnheader" },
          one.value
            ? h(
                "button",
                {
                  onclick: () => {
                    down = by === one ? !down : !!one.right;
                    by = one;
                    order();
                  },
                },
                one.words,
                by === one ? (down ? " ↓" : " ↑") : "",
              )
            : one.words,
        ),
      ),
    );
  }
  function order() {
    sorted = by
      ? [...rows].sort((a, b) => {
          const x = by.value(a),
            y = by.value(b);
          return (x < y ? -1 : x > y ? 1 : 0) * (down ? -1 : 1);
        })
      : rows;
    header();
    drawn = "";
    draw();
  }
  function draw() {
    if (!sorted.length) {
      body.style.height = "auto";
      drawn = "";
      fill(body, nothing?.());
      return;
    }
    body.style.height = `${sorted.length * LINE}px`;
    const first = Math.max(0, Math.floor(scroll.scrollTop / LINE) - SPARE);
    const last = Math.min(
      sorted.length,
      Math.ceil((scroll.scrollTop + (scroll.clientHeight || 800)) / LINE) + SPARE,
    );
    const now = `${first}:${last}:${at}`;
    if (now === drawn) return;
    drawn = now;
    fill(
      body,
      sorted.slice(first, last).map((row, index) =>
        h(
          "div.line.item",
          {
            role: "row",
            "aria-selected": first + index === at ? "true" : "false",
            "data-key": row[key],
            style: {
              top: `${(first + index) * LINE}px`,
              height: `${LINE}px`,
              gridTemplateColumns: template(),
              cursor: onopen ? "pointer" : "default",
            },
            onclick: (event) => {
              at = first + index;
              if (!event.target.closest("button, a, input")) onopen?.(row);
            },
          },
          shown().map((one) =>
            h(`div.clip${one.right ? ".right.num" : ""}`, { role: "gridcell" }, one.draw(row)),
          ),
        ),
      ),
    );
  }
  scroll.addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
  scroll.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (step) {
      event.preventDefault();
      at = Math.max(0, Math.min(sorted.length - 1, at + step));
      const top = at * LINE;
      if (top < scroll.scrollTop) scroll.scrollTop = top;
      if (top + 2 * LINE > scroll.scrollTop + scroll.clientHeight)
        scroll.scrollTop = top + 2 * LINE - scroll.clientHeight;
      draw();
    }
    if (event.key === "Enter" && sorted[at] && event.target === scroll) onopen?.(sorted[at]);
  });
  new ResizeObserver(() => {
    drawn = "";
    header();
    draw();
  }).observe(scroll);
  return {
    el,
    show(found) {
      rows = found;
      order();
    },
    chosen: () => sorted[at] ?? null,
  };
}

/** Rows out of columns: {id: [...], name: [...]} as the Python side sends them. */
export const rowsOf = (columns) => {
  const names = Object.keys(columns),
    count = names.length ? columns[names[0]].length : 0;
  return Array.from({ length: count }, (_, i) =>
    Object.fromEntries(names.map((name) => [name, columns[name][i]])),
  );
};

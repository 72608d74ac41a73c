// The files of a batch, to search and to choose from.
import { chip, clock, empty, gap, h, heading } from "../kit.js";
import { grid } from "../widgets/grid.js";

/** A panel. Returns {el, search, show(files, chosen)}; `search` is the field that finds files. */
export function filesPanel({ onopen }) {
  const props = { type: "search", placeholder: "Find a file", "aria-label": "Find a file" };
  const search = h("input", { ...props, oninput: list });
  const count = h("span.small.dim.num");
  let files = [];
  let chosen = null;
  const table = grid({ height: "300px", onopen, nothing, columns: columns(() => chosen) });

  function nothing() {
    if (files.length) return empty("No file is called that", "Clear the search.");
    return empty("No file has arrived yet", "They are listed here as they arrive.");
  }
  function list() {
    const wanted = search.value.trim().toLowerCase();
    const words = (row) => `${row.name} ${row.state} ${row.error ?? ""}`.toLowerCase();
    const found = wanted ? files.filter((row) => words(row).includes(wanted)) : files;
    count.textContent =
      found.length === files.length ? `${files.length}` : `${found.length} of ${files.length}`;
    table.show(found);
  }
  function show(found, id) {
    files = found;
    chosen = id;
    list();
  }
  const top = h("div.row", {}, heading("Files"), count, search);
  return { el: h("div.panel.stack", gap(8), top, table.el), search, show };
}

const columns = (chosen) => [
  {
    words: "File",
    width: "minmax(120px, 2fr)",
    value: (row) => row.name.toLowerCase(),
    draw: (row) => {
      const color = row.id === chosen() ? "var(--accent)" : "";
      return h("span", { title: row.name, style: { color } }, row.name);
    },
  },
  { words: "Status", width: "120px", value: (row) => row.state, draw: (row) => chip(row.state) },
  {
    words: "Length",
    width: "80px",
    right: true,
    small: false,
    value: (row) => row.seconds ?? -1,
    draw: (row) => clock(row.seconds, 0),
  },
  {
    words: "What is wrong, and what helps",
    width: "minmax(100px, 4fr)",
    small: false,
    value: (row) => row.error ?? "",
    draw: (row) => h("span.small.dim", { title: row.error ?? "" }, row.error ?? ""),
  },
];

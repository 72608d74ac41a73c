// What arrived, where it stands, and what to do about it.
import {
  ago,
  api,
  appLink,
  ask,
  attempt,
  chip,
  empty,
  endAll,
  failed,
  fill,
  follow,
  fresh,
  h,
  keys,
  may,
  onlyFor,
  pressChip,
  renew,
  root,
  size,
} from "./kit.js";
import { startForm } from "./batches/start.js";
import { grid, rowsOf } from "./widgets/grid.js";

const RENEW_MS = 800;
const KINDS = /^(batch|file|stage|job|session|back)/;
const STATES = ["all", "queued", "downloading", "ready", "analyzing", "analyzed", "failed"];

/** Draw the table of batches. */
export function render({ model, el }) {
  const place = root(el);
  let rows = [];
  let state = "all";

  const find = { type: "search", placeholder: "Name, project or id", "aria-label": "Search" };
  const search = h("input", { ...find, oninput: show });
  const chips = h("div.row");
  const told = h("div.dim.small", { role: "status" });
  const start = startForm({ done: () => ask(model) });
  const onopen = (row) => location.assign(appLink("report", { batch: row.id }));
  const table = grid({ onopen, nothing, columns: columns(may(model, "operator") ? act : null) });
  const page = h(
    "main.page",
    {},
    h("div.row", {}, h("h1.grow", {}, "Batches"), told, search),
    onlyFor(model, "operator", start.el),
    chips,
    table.el,
  );

  /** What a button of a row does to its batch. */
  function act(row, verb, done) {
    return async (event) => {
      const send = () => api("POST", `/api/batches/${row.id}/${verb}`, { key: fresh() });
      await attempt(event.currentTarget, send, done);
      ask(model);
    };
  }
  const count = (one) => (one === "all" ? rows : rows.filter((row) => row.status === one)).length;
  function show() {
    const wanted = search.value.trim().toLowerCase();
    const words = (row) => `${row.name} ${row.project} ${row.id} ${row.source}`.toLowerCase();
    const found = rows.filter(
      (row) => (state === "all" || row.status === state) && words(row).includes(wanted),
    );
    const offered = STATES.filter((one) => ["all", state].includes(one) || count(one));
    fill(chips, offered.map(stateChip));
    told.textContent = found.length === rows.length ? "" : `${found.length} of ${rows.length}`;
    table.show(found);
  }
  function stateChip(one) {
    const pressed = one === state;
    const choose = () => {
      state = one;
      show();
    };
    return pressChip(`${one} ${count(one)}`, pressed, choose, {
      class: pressed ? "chip plain" : "chip plain bare",
    });
  }
  function nothing() {
    if (rows.length) return empty("No batch looks like that", "Clear the search or choose another state.");
    const how = "Start a run above with a folder, an address or a Dropbox link,";
    const command = h("code", {}, "uv run editron demo");
    return empty("Nothing has arrived yet", how, h("div", {}, "or draw the sample footage: ", command));
  }

  const stopData = follow(model, "data", (data) => {
    if (data.error) return failed(place, data.error);
    rows = rowsOf(data.batches);
    if (!page.isConnected) fill(place, page);
    show();
  });
  const stopLive = renew(model, (event) => KINDS.test(event.kind), RENEW_MS);
  const stopKeys = keys(place, { "/": ["search", () => search.focus()], n: ["a new run", start.focus] });
  return endAll(stopData, stopLive, stopKeys);
}

const report = (row) => appLink("report", { batch: row.id });

/** The columns; without `act` there is nothing to press but the way into a batch. */
const columns = (act) => [
  {
    words: "Batch",
    width: "minmax(150px, 3fr)",
    value: (row) => row.name.toLowerCase(),
    draw: (row) => h("a.name", { href: report(row), title: row.source }, row.name),
  },
  {
    words: "Status",
    width: "140px",
    value: (row) => row.state,
    draw: (row) => h("span", { title: row.error ?? "" }, chip(row.state)),
  },
  { words: "Progress", width: "130px", small: false, value: (row) => row.progress, draw: progress },
  { words: "Files", width: "76px", right: true, small: false, value: (row) => row.files, draw: files },
  {
    words: "Size",
    width: "90px",
    right: true,
    small: false,
    value: (row) => row.bytes,
    draw: (row) => size(row.bytes),
  },
  {
    words: "Updated",
    width: "100px",
    small: false,
    value: (row) => row.updated,
    draw: (row) => h("span.dim.small", { title: row.updated }, ago(row.updated)),
  },
  { words: "", width: "minmax(90px, 250px)", right: true, draw: (row) => actions(row, act) },
];

function progress(row) {
  const kind = row.state === "failed" ? ".bad" : row.progress >= 100 ? ".good" : "";
  const bar = h(`div.bar${kind}`, {}, h("i", { style: { width: `${row.progress}%` } }));
  return h("div", { title: row.stage }, bar);
}

function files({ files: all, failed: lost }) {
  return lost ? h("span", { title: `${lost} failed` }, `${all - lost}/${all}`) : String(all);
}

function actions(row, act) {
  const open = h("a.button.hide-small", { href: report(row) }, "Open");
  if (!act) return h("div.row", { style: { justifyContent: "flex-end" } }, open);
  const paused = row.hold === "paused";
  const cancel = (event) =>
    confirm(`Cancel ${row.name}? It ends for good.`) && act(row, "cancel", "Cancelled")(event);
  const pause = h("button", { onclick: act(row, "pause", "Pauses before the next stage") }, "Pause");
  const resume = h("button", { onclick: act(row, "resume", "Goes on") }, "Resume");
  return h(
    "div.row",
    { style: { justifyContent: "flex-end", flexWrap: "nowrap" } },
    row.retry ? h("button", { onclick: act(row, "retry", "Tried again") }, "Retry") : null,
    paused ? resume : row.running ? pause : null,
    row.running || paused ? h("button.bare.hide-small", { onclick: cancel }, "Cancel") : null,
    open,
  );
}

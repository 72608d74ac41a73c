import {
  ago,
  api,
  ask,
  attempt,
  calmly,
  chip,
  draft,
  empty,
  fill,
  follow,
  fresh,
  h,
  keys,
  live,
  root,
  size,
  trouble,
} from "./kit.js";
import { grid, rowsOf } from "./grid.js";

const STATES = ["all", "queued", "downloading", "ready", "analyzing", "analyzed", "failed"];

/** What arrived, where it stands, and what to do about it. */
export function render({ model, el }) {
  const place = root(el);
  let rows = [],
    state = "all";
  const search = h("input", {
    type: "search",
    placeholder: "Name, project or id",
    "aria-label": "Search",
    oninput: () => show(),
  });
  const chips = h("div.row");
  const told = h("div.dim.small", { role: "status" });

  const act = (row, verb, done) => (event) =>
    attempt(
      event.currentTarget,
      () => api("POST", `/api/batches/${row.id}/${verb}`, { key: fresh() }),
      done,
    ).then(() => ask(model));
  const table = grid({
    onopen: (row) => location.assign(`/apps/report/?batch=${row.id}`),
    nothing: () =>
      rows.length
        ? empty("No batch looks like that", "Clear the search or choose another state.")
        : empty(
            "Nothing has arrived yet",
            "Start a run above with a folder, an address or a Dropbox link,",
            h("div", {}, "or draw the sample footage: ", h("code", {}, "uv run editron demo")),
          ),
    columns: [
      {
        name: "name",
        words: "Batch",
        width: "minmax(150px, 3fr)",
        value: (row) => row.name.toLowerCase(),
        draw: (row) => h("span", { title: row.source }, row.name),
      },
      {
        name: "status",
        words: "Status",
        width: "140px",
        value: (row) => row.state,
        draw: (row) => h("span", { title: row.error ?? "" }, chip(row.state)),
      },
      {
        name: "progress",
        words: "Progress",
        width: "130px",
        small: false,
        value: (row) => row.progress,
        right: false,
        draw: (row) =>
          h(
            "div",
            { title: row.stage },
            h(
              `div.bar${row.state === "failed" ? ".bad" : row.progress >= 100 ? ".good" : ""}`,
              {},
              h("i", { style: { width: `${row.progress}%` } }),
            ),
          ),
      },
      {
        name: "files",
        words: "Files",
        width: "76px",
        right: true,
        small: false,
        value: (row) => row.files,
        draw: (row) =>
          row.failed
            ? h("span", { title: `${row.failed} failed` }, `${row.files - row.failed}/${row.files}`)
            : String(row.files),
      },
      {
        name: "bytes",
        words: "Size",
        width: "90px",
        right: true,
        small: false,
        value: (row) => row.bytes,
        draw: (row) => size(row.bytes),
      },
      {
        name: "updated",
        words: "Updated",
        width: "100px",
        small: false,
        value: (row) => row.updated,
        draw: (row) => h("span.dim.small", { title: row.updated }, ago(row.updated)),
      },
      {
        name: "actions",
        words: "",
        width: "minmax(90px, 250px)",
        right: true,
        draw: (row) =>
          h(
            "div.row",
            { style: { justifyContent: "flex-end", flexWrap: "nowrap" } },
            row.retry ? h("button", { onclick: act(row, "retry", "Tried again") }, "Retry") : null,
            row.hold === "paused"
              ? h("button", { onclick: act(row, "resume", "Goes on") }, "Resume")
              : row.running
                ? h("button", { onclick: act(row, "pause", "Pauses before the next stage") }, "Pause")
                : null,
            row.running || row.hold === "paused"
              ? h(
                  "button.bare.hide-small",
                  {
                    onclick: (event) =>
                      confirm(`Cancel ${row.name}? It ends for good.`) &&
                      act(row, "cancel", "Cancelled")(event),
                  },
                  "Cancel",
                )
              : null,
            h("a.button.hide-small", { href: `/apps/report/?batch=${row.id}` }, "Open"),
          ),
      },
    ],
  });

  function show() {
    const wanted = search.value.trim().toLowerCase();
    const found = rows.filter(
      (row) =>
        (state === "all" || row.status === state) &&
        (!wanted || `${row.name} ${row.project} ${row.id} ${row.source}`.toLowerCase().includes(wanted)),
    );
    fill(
      chips,
      STATES.filter((one) => one === "all" || one === state || rows.some((row) => row.status === one)).map(
        (one) =>
          h(
            "button",
            {
              "aria-pressed": one === state ? "true" : "false",
              class: one === state ? "chip plain" : "chip plain bare",
              style: { borderColor: one === state ? "var(--accent)" : "" },
              onclick: () => {
                state = one;
                show();
              },
            },
            `${one} ${one === "all" ? rows.length : rows.filter((row) => row.status === one).length}`,
          ),
      ),
    );
    told.textContent = found.length === rows.length ? "" : `${found.length} of ${rows.length}`;
    table.show(found);
  }

  const page = h(
    "main.page",
    {},
    h("div.row", {}, h("h1.grow", {}, "Batches"), told, search),
    start(() => ask(model)),
    chips,
    table.el,
  );
  const stopData = follow(model, "data", (data) => {
    if (data.error) {
      fill(place, h("main.page", {}, trouble(data.error)));
      return;
    }
    rows = rowsOf(data.batches);
    if (!page.isConnected) fill(place, page);
    show();
  });
  const again = calmly(() => ask(model), 800);
  const stopLive = live((event) => /^(batch|file|stage|job|session|back)/.test(event.kind) && again());
  const stopKeys = keys(place, {
    "/": ["search", () => search.focus()],
    n: ["a new run", () => place.querySelector("#source")?.focus()],
  });
  return () => {
    stopData();
    stopLive();
    stopKeys();
  };
}

/** A run from a path, an address or a Dropbox link. */
function start(done) {
  const source = h("input.grow", {
    id: "source",
    "aria-label": "Where the footage is",
    placeholder: "A folder on the server, an address, or a Dropbox link",
    value: draft.get("source"),
    oninput: () => draft.set("source", source.value),
  });
  const brief = h("input.grow", {
    "aria-label": "Brief",
    placeholder: "What is wanted, in words (optional)",
    value: draft.get("brief"),
    oninput: () => draft.set("brief", brief.value),
  });
  const button = h("button.main", {}, "Start a run");
  let wish = null; // the same wish sent twice, after a fault, is one run
  return h(
    "form.panel.row",
    {
      onsubmit: async (event) => {
        event.preventDefault();
        const body = { sources: [source.value.trim()], order: { brief: brief.value.trim() } };
        if (!body.sources[0]) {
          source.focus();
          return;
        }
        const words = JSON.stringify(body);
        if (wish?.words !== words) wish = { words, key: fresh() };
        if (
          await attempt(
            button,
            () => api("POST", "/api/batches", { body, key: wish.key }),
            "The run has begun",
          )
        ) {
          wish = null;
          source.value = brief.value = "";
          draft.set("source", "");
          draft.set("brief", "");
          done();
        }
      },
    },
    source,
    brief,
    button,
  );
}

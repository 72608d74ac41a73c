import {
  ago,
  api,
  ask,
  attempt,
  calmly,
  chip,
  empty,
  fill,
  follow,
  h,
  keys,
  live,
  root,
  trouble,
} from "./kit.js";

const COLUMNS = [
  ["ingest", "Ingest"],
  ["analyze", "Analyze"],
  ["edit", "Edit"],
  ["review", "Review"],
  ["render", "Render"],
  ["done", "Done"],
];

/** Every batch as a card in the column of the stage that it is at; cards move by themselves. */
export function render({ model, el }) {
  const place = root(el);
  const columns = new Map(
    COLUMNS.map(([name, words]) => [
      name,
      {
        count: h("span.dim.num"),
        list: h("div.stack", { style: { gap: "8px", alignContent: "start" } }),
        words,
      },
    ]),
  );
  const cards = new Map();
  const board = h(
    "div",
    {
      tabindex: 0,
      role: "region",
      "aria-label": "Board",
      style: {
        display: "grid",
        gridTemplateColumns: `repeat(${COLUMNS.length}, minmax(190px, 1fr))`,
        gap: "12px",
        overflowX: "auto",
        paddingBottom: "8px",
      },
    },
    [...columns.values()].map((one) =>
      h(
        "section",
        {
          "aria-label": one.words,
          style: {
            minWidth: 0,
            background: "var(--panel)",
            border: "1px solid var(--line)",
            borderRadius: "var(--radius)",
            padding: "12px",
          },
        },
        h("div.row", { style: { marginBottom: "10px" } }, h("strong.grow", {}, one.words), one.count),
        one.list,
      ),
    ),
  );
  const page = h(
    "main.page",
    {},
    h("div.row", {}, h("h1.grow", {}, "Board"), h("span.dim.small", {}, "Cards move by themselves")),
    board,
  );

  function card(batch, members) {
    const choose = h(
      "select",
      {
        "aria-label": "Who looks after it",
        style: { fontSize: "13px", minHeight: "28px", padding: "2px 6px", maxWidth: "100%" },
        onchange: (event) =>
          attempt(
            null,
            () =>
              api("PATCH", `/api/tasks/${batch.task}`, { body: { assignee_id: event.target.value || null } }),
            "Assigned",
          ).then(() => ask(model)),
      },
      h("option", { value: "" }, "nobody"),
      members.map((one) => h("option", { value: one.id, selected: one.id === batch.assignee }, one.name)),
    );
    return h(
      "article",
      {
        "data-batch": batch.id,
        style: {
          background: "var(--raised)",
          border: `1px solid ${batch.status === "blocked" ? "var(--bad)" : "var(--line)"}`,
          borderRadius: "8px",
          padding: "10px",
          display: "grid",
          gap: "8px",
          minWidth: 0,
        },
      },
      h(
        "a.clip",
        { href: batch.link, title: batch.name, style: { fontWeight: 600, textDecoration: "none" } },
        batch.name,
      ),
      h(
        "div.row",
        { style: { gap: "6px" } },
        batch.stage === "done" ? null : chip(batch.status),
        h("span.dim.small", {}, ago(batch.updated)),
      ),
      h(
        "div.row",
        {
          style: { gap: "3px", flexWrap: "nowrap" },
          title: batch.stages.map((one) => `${one.stage}: ${one.status}`).join(", "),
        },
        batch.stages.map((one) =>
          h("i", {
            style: {
              height: "4px",
              flex: 1,
              borderRadius: "2px",
              background:
                { done: "var(--good)", doing: "var(--busy)", blocked: "var(--bad)" }[one.status] ??
                "var(--line)",
            },
          }),
        ),
      ),
      batch.note
        ? h("div.small", { style: { color: "var(--bad)", overflowWrap: "anywhere" } }, batch.note)
        : null,
      members.length && batch.stage !== "done" ? choose : null,
    );
  }

  const stopData = follow(model, "data", (data) => {
    if (data.error) {
      fill(place, h("main.page", {}, trouble(data.error)));
      return;
    }
    if (!data.batches.length) {
      fill(
        place,
        h(
          "main.page",
          {},
          h("h1", {}, "Board"),
          h(
            "div.panel",
            {},
            empty(
              "The board is empty",
              "Each batch gets a card here when it arrives.",
              h("a.button.main", { href: "/apps/batches/" }, "Start a run"),
            ),
          ),
        ),
      );
      return;
    }
    const before = new Map([...cards].map(([id, one]) => [id, one.getBoundingClientRect()]));
    cards.clear();
    for (const [name, column] of columns) {
      const mine = data.batches.filter((one) => one.stage === name);
      column.count.textContent = mine.length || "";
      fill(
        column.list,
        mine.slice(0, 100).map((batch) => {
          const made = card(batch, data.members);
          cards.set(batch.id, made);
          return made;
        }),
        mine.length > 100 ? h("div.dim.small", {}, `and ${mine.length - 100} more`) : null,
      );
    }
    if (!page.isConnected) fill(place, page);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    for (const [id, made] of cards) {
      const old = before.get(id),
        now = made.getBoundingClientRect();
      if (old && (old.x !== now.x || old.y !== now.y))
        made.animate(
          [{ transform: `translate(${old.x - now.x}px, ${old.y - now.y}px)` }, { transform: "none" }],
          { duration: 350, easing: "ease-out" },
        );
    }
  });
  const again = calmly(() => ask(model), 500);
  const stopLive = live((event) => !event.kind.endsWith(".progress") && again());
  const stopKeys = keys(place, { r: ["read everything anew", () => ask(model)] });
  return () => {
    stopData();
    stopLive();
    stopKeys();
  };
}

// Every batch as a card in the column of the stage that it is at; cards move by themselves.
import {
  ago,
  api,
  ask,
  attempt,
  chip,
  empty,
  endAll,
  failed,
  fill,
  follow,
  gap,
  h,
  keys,
  onePage,
  onlyFor,
  options,
  renew,
  root,
  toBatches,
} from "./kit.js";

const RENEW_MS = 500;
const MOST_CARDS = 100; // in a column
const MOVE = { duration: 350, easing: "ease-out" };
const COLUMNS = [
  ["ingest", "Ingest"],
  ["analyze", "Analyze"],
  ["edit", "Edit"],
  ["review", "Review"],
  ["render", "Render"],
  ["done", "Done"],
];
const STAGE_COLOURS = { done: "var(--good)", doing: "var(--busy)", blocked: "var(--bad)" };

/** Draw the board. */
export function render({ model, el }) {
  const place = root(el);
  const columns = new Map(COLUMNS.map(([stage, words]) => [stage, column(words)]));
  const page = h("main.page", {}, heads(), boardOf([...columns.values()]));
  let cards = new Map(); // by batch

  const assign = async (batch, id) => {
    const send = () => api("PATCH", `/api/tasks/${batch.task}`, { body: { assignee_id: id || null } });
    await attempt(null, send, "Assigned");
    ask(model);
  };
  const assignee = (batch, members) => onlyFor(model, "operator", assigneeOf(batch, members, assign));
  function show(data) {
    if (data.error) return failed(place, data.error);
    if (!data.batches.length) return onePage(place, h("h1", {}, "Board"), nothingYet());
    const before = new Map([...cards].map(([id, card]) => [id, card.getBoundingClientRect()]));
    cards = new Map();
    for (const [stage, { count, list }] of columns) {
      const mine = data.batches.filter((batch) => batch.stage === stage);
      const shown = mine.slice(0, MOST_CARDS).map((batch) => {
        cards.set(batch.id, cardOf(batch, data.members, assignee));
        return cards.get(batch.id);
      });
      const more = h("div.dim.small", {}, `and ${mine.length - MOST_CARDS} more`);
      count.textContent = mine.length || "";
      fill(list, shown, mine.length > MOST_CARDS ? more : null);
    }
    if (!page.isConnected) fill(place, page);
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) moveFrom(before, cards);
  }
  const stopData = follow(model, "data", show);
  const stopLive = renew(model, (event) => !event.kind.endsWith(".progress"), RENEW_MS);
  const stopKeys = keys(place, { r: ["read everything anew", () => ask(model)] });
  return endAll(stopData, stopLive, stopKeys);
}

const heads = () =>
  h("div.row", {}, h("h1.grow", {}, "Board"), h("span.dim.small", {}, "Cards move by themselves"));

function nothingYet() {
  const why = "Each batch gets a card here when it arrives.";
  return h("div.panel", {}, empty("The board is empty", why, toBatches("Start a run", "a.button.main")));
}

/** A column. Returns {el, count, list}. */
function column(words) {
  const count = h("span.dim.num");
  const list = h("div.stack", { style: { gap: "8px", alignContent: "start" } });
  const style = {
    minWidth: 0,
    background: "var(--panel)",
    border: "1px solid var(--line)",
    borderRadius: "var(--radius)",
    padding: "12px",
  };
  const top = h("div.row", { style: { marginBottom: "10px" } }, h("strong.grow", {}, words), count);
  return { el: h("section", { "aria-label": words, style }, top, list), count, list };
}

function boardOf(columns) {
  const style = {
    display: "grid",
    gridTemplateColumns: `repeat(${columns.length}, minmax(190px, 1fr))`,
    gap: "12px",
    overflowX: "auto",
    paddingBottom: "8px",
  };
  const props = { tabindex: 0, role: "region", "aria-label": "Board", style };
  return h(
    "div",
    props,
    columns.map((one) => one.el),
  );
}

function cardOf(batch, members, assignee) {
  const done = batch.stage === "done";
  const style = {
    background: "var(--raised)",
    border: `1px solid ${batch.status === "blocked" ? "var(--bad)" : "var(--line)"}`,
    borderRadius: "8px",
    padding: "10px",
    display: "grid",
    gap: "8px",
    minWidth: 0,
  };
  const name = { href: batch.link, title: batch.name, style: { fontWeight: 600, textDecoration: "none" } };
  const note = { style: { color: "var(--bad)", overflowWrap: "anywhere" } };
  return h(
    "article",
    { "data-batch": batch.id, style },
    h("a.clip", name, batch.name),
    h("div.row", gap(6), done ? null : chip(batch.status), h("span.dim.small", {}, ago(batch.updated))),
    stages(batch.stages),
    batch.note ? h("div.small", note, batch.note) : null,
    members.length && !done ? assignee(batch, members) : null,
  );
}

function stages(all) {
  const title = all.map(({ stage, status }) => `${stage}: ${status}`).join(", ");
  const bar = ({ status }) => {
    const background = STAGE_COLOURS[status] ?? "var(--line)";
    return h("i", { style: { height: "4px", flex: 1, borderRadius: "2px", background } });
  };
  return h("div.row", { style: { gap: "3px", flexWrap: "nowrap" }, title }, all.map(bar));
}

function assigneeOf(batch, members, assign) {
  const style = { fontSize: "13px", minHeight: "28px", padding: "2px 6px", maxWidth: "100%" };
  const onchange = (event) => assign(batch, event.target.value);
  const people = members.map(({ id, name }) => [id, name]);
  const props = { "aria-label": "Who looks after it", style, onchange };
  return h("select", props, options([["", "nobody"], ...people], batch.assignee));
}

/** Let cards that stand elsewhere now come from where they stood. */
function moveFrom(before, cards) {
  for (const [id, card] of cards) {
    const old = before.get(id);
    const now = card.getBoundingClientRect();
    if (!old || (old.x === now.x && old.y === now.y)) continue;
    const transform = `translate(${old.x - now.x}px, ${old.y - now.y}px)`;
    card.animate([{ transform }, { transform: "none" }], MOVE);
  }
}

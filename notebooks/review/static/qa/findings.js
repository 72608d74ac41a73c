// The findings of people, to search and to choose from.
import { ago, busy, chip, empty, fill, gap, h, heading, onlyFor, options } from "../kit.js";
import { day, isLate, kindOf, stateWords } from "./words.js";

const NOT_DONE = "not done";
const NOBODY = "nobody";

/**
 * The list of findings. Returns {el, search, show(data)}; `holds(finding)` tells which are in the pressed
 * cell of the map, `onopen` is given an id, `oncreate` is called for a new one.
 */
export function findingsList({ model, holds, onopen, oncreate }) {
  const filter = { status: NOT_DONE, who: "" };
  const style = { width: "120px", flex: "1 1 120px" };
  const words = { type: "search", placeholder: "Words", "aria-label": "Search findings" };
  const search = h("input", { ...words, style, oninput: drawRows });
  const rows = h("div.readings");
  const filters = h("div.row", gap(8));
  const create = h("button", { onclick: () => oncreate(), title: "N" }, "New finding");
  const top = h("div.row", {}, heading("Findings"), onlyFor(model, "reviewer", create));
  const el = h("section.panel.stack", gap(10, { "aria-label": "Findings" }), top, filters, rows);
  let data = null;

  function show(found) {
    data = found;
    const statuses = [
      [NOT_DONE, NOT_DONE],
      ["", "every status"],
    ];
    const people = [
      ["", "everybody"],
      [NOBODY, NOBODY],
    ];
    statuses.push(...data.statuses.map((status) => [status, stateWords(status)]));
    people.push(...data.members.map((member) => [member.id, member.name]));
    // A field that somebody is in stays as it is.
    if (!busy(filters))
      fill(filters, pick("Status", statuses, "status"), pick("Assignee", people, "who"), search);
    drawRows();
  }
  function pick(label, choices, name) {
    const choose = (event) => {
      filter[name] = event.target.value;
      drawRows();
    };
    const props = { "aria-label": label, style: { flex: "1 1 110px" }, onchange: choose };
    return h("select", props, options(choices, filter[name]));
  }
  function passes(finding) {
    const { status, who } = filter;
    if (status === NOT_DONE ? finding.status === "done" : status && finding.status !== status) return false;
    if (who === NOBODY ? finding.assignee : who && finding.assignee !== who) return false;
    const wanted = search.value.trim().toLowerCase();
    const text = `${finding.title} ${finding.text} ${finding.subject}`.toLowerCase();
    return holds(finding) && text.includes(wanted);
  }
  function drawRows() {
    const shown = data.findings.filter(passes);
    fill(rows, shown.length ? shown.map((finding) => row(finding, () => onopen(finding.id))) : nothing());
  }
  function nothing() {
    if (data.findings.length) {
      return empty("No finding looks like that", "Choose another status or assignee, or clear the search.");
    }
    return empty(
      "Nothing was found yet",
      "Report a changed reading with one click, or write down what you saw.",
    );
  }
  return { el, search, show };
}

function row(finding, onclick) {
  const { id, title, status, assignee_name, due, updated } = finding;
  const late = isLate(finding);
  const kind = kindOf(finding);
  const style = { color: late ? "var(--bad)" : "" };
  return h(
    "button.finding",
    { "data-finding": id, onclick },
    h("span.row", { style: { flexWrap: "nowrap" } }, h("strong.grow.clip", {}, title), chip(status)),
    h(
      "span.row.small.dim",
      { style: { gap: "6px 14px" } },
      h("span", {}, assignee_name || NOBODY),
      due ? h("span", { style }, `${late ? "was due" : "due"} ${day(due)}`) : null,
      kind ? h("span", {}, kind) : null,
      h("span.grow"),
      h("span", {}, ago(updated)),
    ),
  );
}

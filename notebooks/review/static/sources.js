// The Dropbox folders and links that footage arrives from, how fresh each is, and the rules of where it goes.
import {
  ago,
  api,
  ask,
  attempt,
  busy,
  chip,
  empty,
  endAll,
  failed,
  fill,
  follow,
  fresh,
  gap,
  h,
  heading,
  keys,
  onlyFor,
  renew,
  root,
} from "./kit.js";
import { addingSheet } from "./sources/adding.js";

const RENEW_MS = 800;
const KINDS = /^(source|batch|back)/;
const MAPPINGS = "/api/dropbox/mappings";

/** Draw the page. */
export function render({ model, el }) {
  const place = root(el);
  const list = h("div.stack");
  const rules = h("section.panel.stack");
  const add = addingSheet({ done: () => ask(model) });
  const top = h("div.row", {}, h("h1.grow", {}, "Sources"), addButton(add));
  const page = h("main.page", {}, onlyFor(model, "operator", top, list, rules, add.el));

  /** Do something, with its button disabled meanwhile, and look at what it made of the sources. */
  async function act(button, method, path, request, words) {
    await attempt(button, () => api(method, path, request), words);
    ask(model);
  }
  async function addRule({ project, ...rule }) {
    const send = async () => {
      const { data } = await api("POST", "/api/projects", { body: { name: project }, key: fresh() });
      return api("POST", MAPPINGS, { body: { ...rule, project_id: data.id }, key: fresh() });
    };
    if (!(await attempt(null, send, "The rule holds from now on"))) return; // what is typed stays
    rules.getRootNode().activeElement?.blur();
    ask(model);
  }
  const stopData = follow(model, "data", (data) => {
    if (data.error) return failed(place, data.error);
    const { sources } = data;
    fill(list, sources.length ? sources.map((source) => card(source, act)) : nothingYet(data, add));
    // A rule that somebody types stays.
    if (!busy(rules)) fill(rules, mapping(data, act, addRule));
    if (!page.isConnected) fill(place, page);
  });
  const stopLive = renew(model, (event) => KINDS.test(event.kind), RENEW_MS);
  const stopKeys = keys(place, {
    n: ["add a source", add.open],
    r: ["read everything anew", () => ask(model)],
  });
  return endAll(stopData, stopLive, stopKeys);
}

const addButton = (add) => h("button.main", { onclick: add.open }, "Add a source");

function nothingYet({ configured }, add) {
  const how = "Add a Dropbox folder or a shared link; what appears in it becomes a batch within minutes.";
  const needs = [
    "An account's folder also needs the app's keys: see ",
    h("code", {}, "Dropbox"),
    " in the README.",
  ];
  const advice = configured ? null : h("div", {}, needs);
  return h("div.panel", {}, empty("No footage arrives by itself yet", how, advice, addButton(add)));
}

function card(source, act) {
  const path = `/api/dropbox/sources/${source.id}`;
  const looked = source.last_processed_at;
  const lookNow = ({ currentTarget }) =>
    act(currentTarget, "POST", `${path}/sync`, { key: fresh() }, "It is looked at now");
  const remove = ({ currentTarget }) =>
    confirm(`Remove ${source.label}? Its batches stay.`) && act(currentTarget, "DELETE", path, {}, "Removed");
  const facts = { style: { overflowWrap: "anywhere" } };
  return h(
    "section.panel.stack",
    gap(8, { "aria-label": source.label }),
    h(
      "div.row",
      {},
      heading(source.label),
      chip(source.state),
      h("span.dim.small", { title: looked ?? "" }, looked ? `looked at ${ago(looked)}` : "never looked at"),
    ),
    h("div.small.dim", facts, factsOf(source)),
    source.error ? h("div.notice", { role: "alert" }, h("div.grow", {}, source.error)) : null,
    h(
      "div.row",
      {},
      h("button", { onclick: lookNow }, "Look now"),
      byItself(source, path, act),
      h("span.grow"),
      h("button.bare", { onclick: remove }, "Remove"),
    ),
  );
}

function factsOf({ kind, source_url, folder_path, project, storage_tier, waiting }) {
  const facts = [
    kind === "shared_link" ? source_url : folder_path || "the whole account",
    project ? `project ${project} where no rule says otherwise` : "project by the rules below",
    `kept ${storage_tier}`,
    waiting ? `${waiting} files wait` : null,
  ];
  return facts.filter(Boolean).join(" · ");
}

function byItself(source, path, act) {
  const change = ({ currentTarget }) => {
    const auto = currentTarget.checked;
    const words = auto ? "Taken in by itself" : "Only when you ask";
    act(currentTarget, "PATCH", path, { body: { auto_ingest: auto } }, words);
  };
  const style = { display: "flex", gap: "8px", alignItems: "center", flexDirection: "row" };
  const box = h("input", { type: "checkbox", checked: source.auto_ingest, onchange: change });
  return h("label", { style }, box, h("span", {}, "takes in by itself"));
}

/** The rules by which a folder's footage gets its project, and a form for one more. */
function mapping({ rules, projects }, act, addRule) {
  const shape = { placeholder: "/clients/acme/*", "aria-label": "Folder pattern", required: true };
  const pattern = h("input.grow", shape);
  const whose = { placeholder: "project", "aria-label": "Project", list: "projects", required: true };
  const project = h("input", whose);
  const rank = { type: "number", min: -1000, max: 1000, value: 0, style: { width: "6em" } };
  const priority = h("input", { ...rank, "aria-label": "Priority", title: "priority" });
  const names = h(
    "datalist",
    { id: "projects" },
    projects.map((name) => h("option", { value: name })),
  );
  const send = (event) => {
    event.preventDefault();
    const wanted = { pattern: pattern.value.trim(), project: project.value.trim() };
    addRule({ ...wanted, priority: Number(priority.value) });
  };
  const why =
    "Of the rules that fit a file's folder the one of the highest priority gives the project; where none fits, the source does.";
  return [
    heading("Which project a folder is for"),
    h("p.dim.small", {}, why),
    rules.map((rule) => ruleRow(rule, act)),
    h("form.row", { onsubmit: send }, pattern, project, names, priority, h("button", {}, "Add the rule")),
  ];
}

function ruleRow({ id, pattern, project, priority }, act) {
  const remove = ({ currentTarget }) => act(currentTarget, "DELETE", `${MAPPINGS}/${id}`, {}, "Removed");
  const props = { "aria-label": `Remove the rule ${pattern}`, onclick: remove };
  return h(
    "div.row",
    {},
    h("code", {}, pattern),
    h("span.grow", {}, "→ ", project, priority ? h("span.dim.small", {}, ` · priority ${priority}`) : null),
    h("button.bare", props, "Remove"),
  );
}

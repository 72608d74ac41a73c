// One finding: what it says, who has it, and what was said about it. What somebody types outlives every
// change.
import { ago, api, appLink, attempt, draft, fill, h, onlyFor, options } from "../kit.js";
import { comments } from "./comments.js";
import { overlayLinks } from "./overlays.js";
import { kindOf, stateWords } from "./words.js";

const hide = (element, is) => (element.style.display = is ? "none" : "");

/** A sheet. Returns {el, show(finding)}; `dataOf()` is all of the board, `again()` asks for it anew. */
export function findingSheet({ model, dataOf, leave, again }) {
  const title = h("input.grow", {
    "aria-label": "Title",
    maxlength: 200,
    style: { fontWeight: 600, fontSize: "17px" },
    oninput: typed,
  });
  const text = h("textarea", {
    rows: 4,
    "aria-label": "What was seen",
    maxlength: 4000,
    placeholder: "What was seen, and what it should be",
    oninput: typed,
  });
  const status = h("select", { onchange: () => set({ status: status.value }, status) });
  const assignee = h("select", { onchange: () => set({ assignee_id: assignee.value || null }, assignee) });
  const due = h("input", { type: "date", onchange: () => set({ due_on: due.value || null }, due) });
  const save = h("button.main", { onclick: keep }, "Save");
  const meanwhile = h("div.meanwhile");
  const about = h("div.small.dim");
  const overlays = overlayLinks({ onadd: addOverlay });
  const talk = comments({ again });
  const fields = [
    h("label", {}, "Status", status),
    h("label", {}, "Assignee", assignee),
    h("label", {}, "Due", due),
  ];
  const rest = h(
    "div.stack",
    {},
    h("div.fields", {}, fields),
    text,
    meanwhile,
    h("div.row", {}, save, about),
    overlays.el,
    talk.els,
  );
  const back = h("button.bare", { onclick: leave, "aria-label": "All findings" }, "‹ All");
  const gone = h("div");
  const top = h("div.row", { style: { flexWrap: "nowrap" } }, back, onlyFor(model, "reviewer", title));
  const el = h(
    "section.panel.stack",
    { "aria-label": "Finding" },
    top,
    gone,
    onlyFor(model, "reviewer", rest),
  );

  let finding = null;
  let base = null; // the version over which somebody types, or null

  const draftName = (id) => `finding.${id}`;
  const dirty = () => title.value !== finding.title || text.value !== finding.text;

  function typed() {
    if (!base) base = finding.version;
    const now = { title: title.value, text: text.value, base };
    draft.set(draftName(finding.id), dirty() ? JSON.stringify(now) : "");
    if (!dirty()) base = null;
    hide(save, !dirty());
  }
  function put({ title: line, text: words }) {
    title.value = line;
    text.value = words;
  }

  // What is sent.

  /**
   * Change a finding that has this version; what came of it is taken at once. Returns whether it was changed.
   */
  async function change(button, body, version, done) {
    const send = () => api("PATCH", `/api/findings/${finding.id}`, { body, etag: `"${version}"` });
    const answer = await attempt(button, send, done);
    if (answer) take(answer.data);
    return answer !== null;
  }
  function take(data) {
    if (finding.id !== data.id) return;
    if (base === finding.version) base = data.version;
    const { title: line, text: words, status: state, overlays: links, version } = data;
    const had = { assignee: data.assignee_id, due: data.due_on ?? "", updated: data.updated_at };
    finding = { ...finding, title: line, text: words, status: state, overlays: links, version, ...had };
  }
  let turn = Promise.resolve();
  /** One after the other: each edit names the version that the one before it made. */
  function set(changes, field) {
    const next = async () => {
      await change(field, changes, finding.version, "Changed");
      again();
    };
    turn = turn.then(next, next);
  }
  async function keep() {
    const { id } = finding;
    const now = { title: title.value, text: text.value };
    if (await change(save, now, base ?? finding.version, "Saved")) {
      draft.set(draftName(id), "");
      base = null;
      hide(save, true);
    }
    again();
  }
  async function addOverlay(overlay) {
    const all = [...finding.overlays, overlay];
    const done = await change(null, { overlays: all }, finding.version, "Linked");
    again();
    return done;
  }

  // What is shown.

  function show(found) {
    const other = finding?.id !== found.id;
    const untouched = !other && !dirty();
    gone.replaceChildren();
    hide(rest, found.gone);
    hide(title, found.gone);
    if (found.gone) {
      finding = found;
      gone.append(
        h("p", {}, "Somebody removed this finding."),
        h("button", { onclick: leave }, "All findings"),
      );
      return;
    }
    // What was asked for before our own edit may arrive after it.
    const older = !other && Date.parse(found.updated) < Date.parse(finding.updated);
    finding = older ? { ...finding, comments: found.comments } : found;
    if (other) open();
    else if (untouched) put(finding);
    hide(save, !dirty());
    showClash();
    showFields();
    overlays.show(finding.overlays);
    talk.show(finding);
  }
  function open() {
    const mine = draft.parsed(draftName(finding.id));
    put(mine ?? finding);
    base = mine?.base ?? null;
    talk.open(finding);
  }
  function showClash() {
    const clash = base && base !== finding.version && dirty();
    const settle = (how) => () => {
      how();
      typed();
      show(finding);
    };
    const keepMine = settle(() => (base = finding.version));
    const takeTheirs = settle(() => put(finding));
    const { title: line, text: words } = finding;
    const now = ["It was changed meanwhile and now reads: ", h("strong", {}, line), words ? ` ${words}` : ""];
    const notice = h(
      "div.notice.wait",
      { role: "alert" },
      h("div.grow", {}, now),
      h("button", { onclick: keepMine }, "Keep mine"),
      h("button", { onclick: takeTheirs }, "Take theirs"),
    );
    fill(meanwhile, clash ? notice : null);
  }
  function showFields() {
    const { statuses, members } = dataOf();
    const states = statuses.map((state) => [state, stateWords(state)]);
    fill(status, options(states, finding.status));
    fill(assignee, options([["", "nobody"], ...people(members)], finding.assignee));
    due.value = finding.due;
    const facts = [finding.author, finding.subject, kindOf(finding), `changed ${ago(finding.updated)}`];
    const batch = h("a", { href: appLink("report", { batch: finding.batch }) }, "batch");
    fill(about, facts.filter(Boolean).join(" · "), finding.batch ? [" · ", batch] : null);
  }
  /** All members, and whoever has the finding though they left. */
  function people(members) {
    const here = members.map(({ id, name }) => [id, name]);
    const { assignee: id, assignee_name: name } = finding;
    const left = id && !members.some((member) => member.id === id);
    return left ? [...here, [id, `${name} (left)`]] : here;
  }
  return { el, show };
}

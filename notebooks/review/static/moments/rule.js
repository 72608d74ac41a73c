// By which rule a cut is signed off: how many must approve, and whose word counts. Admins change it here.
import { api, ask, attempt, counted, emptied, fresh, gap, h, kept, may, options } from "../kit.js";

const MOST_APPROVERS = 5;
const BARE = { border: 0, padding: 0, margin: "6px 0 0" };

let unfolded = false; // it is drawn anew after each change, and stays as it was

/** The rule, in words; with fields for who may change it. */
export function ruleLine(model, { data }) {
  const { approvers, names, team } = data.rule;
  const whose = names.length ? `of ${names.join(", ")}` : "by different people";
  if (!may(model, "admin")) {
    return h("div.row.dim", gap(6), "Rule:", h("strong", {}, counted(approvers, "approval")), whose);
  }
  const set = (body) => setRule(model, data.batch.project, { approvers, ...body });
  const fold = { open: unfolded, ontoggle: (event) => (unfolded = event.target.open) };
  const people = h("details", fold, h("summary.dim", {}, whose), named(team, set), adding(model));
  return h("div.stack", gap(6), h("div.row.dim", gap(6), "Rule:", howMany(approvers, set)), people);
}

function howMany(approvers, set) {
  const choices = Array.from({ length: MOST_APPROVERS }, (_, i) => [i + 1, counted(i + 1, "approval")]);
  const onchange = async ({ target }) => {
    if (!(await set({ approvers: Number(target.value) }))) target.value = approvers;
  };
  return h("select", { "aria-label": "How many people must approve", onchange }, options(choices, approvers));
}

/** Whose word counts: whoever is ticked, and everybody who may review where nobody is. */
function named(team, set) {
  if (!team.length) return h("p.dim", { style: { margin: "6px 0" } }, "Nobody is in the team yet.");
  const box = ({ id, name, counts }) => {
    const onchange = async ({ target }) => {
      if (!(await set({ members: chosen() }))) target.checked = counts;
    };
    return h(
      "label.row",
      gap(6),
      h("input", { type: "checkbox", value: id, checked: counts, onchange }),
      name,
    );
  };
  const title = h("legend.dim", {}, "Only these may sign off");
  const list = h("fieldset.stack", gap(4, { style: BARE }), title, team.map(box));
  const chosen = () => [...list.querySelectorAll(":checked")].map((input) => input.value);
  return list;
}

/** A form that takes somebody into the team. What they say counts under the name of their key. */
function adding(model) {
  const field = (name, words, props) =>
    kept(
      `member.${name}`,
      h("input.grow", { "aria-label": words, placeholder: words, required: true, ...props }),
    );
  const name = field("name", "Name, as their key has it", { maxlength: 200 });
  const email = field("email", "E-mail", { type: "email", maxlength: 254 });
  const button = h("button", {}, "Take into the team");
  async function send(event) {
    event.preventDefault();
    const body = { name: name.value.trim(), email: email.value.trim() };
    const make = () => api("POST", "/api/members", { body, key: fresh() });
    if (!(await attempt(button, make, `${body.name} is in the team`))) return;
    emptied(name, email);
    ask(model);
  }
  return h("form.row", gap(6, { onsubmit: send }), name, email, button);
}

/** Set the rule; null where it was refused. */
async function setRule(model, project, body) {
  const of = project ? `?project_id=${encodeURIComponent(project)}` : "";
  const send = () => api("PUT", `/api/approval-rule${of}`, { body });
  const done = await attempt(null, send, "The rule holds from now on");
  ask(model);
  return done;
}

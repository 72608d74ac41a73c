// The kits that there are, version by version, and which of them each project inherits.
import { ago, api, ask, attempt, empty, fill, gap, h, heading, onlyFor, options, pressChip } from "../kit.js";
import { hint } from "./fields.js";

const SWATCHES = ["background", "outline", "text", "primary"];
const NO_KIT =
  "Set colours, fonts and marks here and save: that is version 1. Every later change is a new version; " +
  "what was made with an old one stays as it is.";
const NO_PROJECT = "There is no project yet. Footage gets one when a run or a source names it.";
const KEPT = "Cuts that there are keep the version that they were made with.";

/**
 * Lists of kits and of projects. Returns {el, show(data, opened)}; `opened` is the id of the version that is
 * edited. `onopen(id)` is called for another one.
 */
export function kitLists({ model, onopen }) {
  const kits = h("div.stack", gap(10));
  const projects = h("section.panel.stack", gap(10));

  function show(data, opened) {
    const none = h("div.panel", {}, empty("No kit yet", NO_KIT));
    fill(kits, data.kits.length ? data.kits.map((kit) => kitPanel(kit, opened, onopen)) : none);
    const versions = data.kits.flatMap(({ name, project, versions: all }) =>
      all.map(({ id, version }) => ({ id, project, words: `${name} v${version}` })),
    );
    const choices = data.projects.map((project) => inherited(project, versions));
    const title = heading("What projects inherit");
    fill(projects, title, choices.length ? choices : hint(NO_PROJECT), hint(KEPT));
  }
  /** The version of a kit that a project inherits, to be changed. */
  function inherited({ id, name, brand }, versions) {
    const fitting = versions.filter(({ project }) => !project || project === id);
    const choices = fitting.map((version) => [version.id, version.words]);
    if (!brand) choices.unshift(["", "the plain kit"]);
    const choose = async ({ target }) => {
      if (!target.value) return;
      const send = () => api("PUT", `/api/brands/projects/${id}`, { body: { brand_id: target.value } });
      await attempt(target, send, `Exports of ${name} inherit it from now on`);
      ask(model);
    };
    const props = { "aria-label": `Kit of ${name}`, disabled: !versions.length, onchange: choose };
    return h("label", {}, name, h("select", props, options(choices, brand)));
  }
  return { el: h("div.stack", {}, kits, onlyFor(model, "operator", projects)), show };
}

function kitPanel({ name, project_name, versions, colours }, opened, open) {
  const borderColor = versions.some(({ id }) => id === opened) ? "var(--accent)" : "";
  const [newest] = versions;
  const version = ({ id, version: number, chosen, author, at }) =>
    pressChip(`v${number}${chosen ? " ✓" : ""}`, id === opened, () => open(id), {
      title: `${author}, ${ago(at)}`,
    });
  return h(
    "section.panel.stack",
    { "aria-label": name, style: { gap: "8px", borderColor } },
    h(
      "div.row",
      {},
      h("strong.grow.clip", {}, name),
      project_name ? h("span.chip.plain.clip", {}, project_name) : null,
    ),
    h("div.row", gap(4), versions.map(version)),
    h(
      "div.swatches",
      { "aria-hidden": "true" },
      SWATCHES.map((colour) => h("i", { style: { background: colours[colour] } })),
    ),
    h("div.dim.small", {}, `${newest.author}, ${ago(newest.at)}`),
  );
}

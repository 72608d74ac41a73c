// What can be done to the lines, as buttons, and whether they are saved.
import { fill, h, heading } from "../kit.js";

/**
 * The buttons. Returns {tools, saving, draw()}: `tools` for the chosen line, and `saving` for all, with the
 * button `save`. `acts`: {split(), merge(), add(), remove(), save()}; `fileOf()` is the file, or null before
 * there is one.
 */
export function bar({ script, acts, fileOf }) {
  const { may } = script;
  const tools = h("div.row");
  const save = h("button.main", { disabled: true, onclick: acts.save, title: "W" }, "Save");
  const undo = h("button.bare", { disabled: true, onclick: () => script.undo(), title: "U" }, "Undo");
  const state = h("span.small.dim", { role: "status" });

  function stateWords() {
    if (!may) return "You may look, not change.";
    if (script.dirty) return "Not saved; kept in this browser";
    const author = fileOf()?.author;
    return author ? `Last edited by ${author}` : "As it was transcribed";
  }
  function draw() {
    const { chosen, lines, at } = script;
    const tool = (words, act, able, title, kind = "button") =>
      h(kind, { disabled: !able || !may, onclick: () => act(), title }, words);
    fill(
      tools,
      heading("Lines ", h("span.small.dim.num", {}, `${lines.length}`)),
      tool("Split", acts.split, chosen, "S"),
      tool("Merge", acts.merge, lines[at + 1], "M"),
      tool("Add", acts.add, fileOf()?.version, "N"),
      tool("Delete", acts.remove, chosen, "Delete", "button.bad"),
    );
    save.disabled = !script.dirty || !may;
    undo.disabled = !script.undoable;
    state.textContent = stateWords();
  }
  return { tools, save, saving: [state, undo, save], draw };
}

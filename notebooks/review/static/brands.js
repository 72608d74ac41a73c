// Brand kits with their versions on the left, one to edit in the middle, and how the export draws it on the
// right.
import {
  api,
  ask,
  attempt,
  draft,
  endAll,
  failed,
  fill,
  follow,
  fresh,
  h,
  keys,
  may,
  onlyFor,
  renew,
  root,
  say,
} from "./kit.js";
import { kitForm } from "./brands/form.js";
import { kitLists } from "./brands/kits.js";
import { preview } from "./brands/preview.js";

const RENEW_MS = 500;
const KINDS = /^(brand|asset|back)/;

const copy = (kit) => JSON.parse(JSON.stringify(kit));

/** Draw the page. */
export function render({ model, el }) {
  const place = root(el);
  let data = null;
  /**
   * The kit that is edited, the project that it is for, and the version that it was opened as; null for a new
   * kit.
   */
  const edit = { kit: null, owner: "", opened: null };
  let before = ""; // the same, as JSON, before somebody changed it

  const dataOf = () => data;
  const seen = preview({ sent });
  const onfont = () => ask(model);
  const form = kitForm({ edit, dataOf, onchange: changed, see: seen.see, onfont });
  const lists = kitLists({ model, onopen: choose });
  const state = h("span.small.dim", { role: "status" });
  const back = h("button.bare", { onclick: putBack }, "Back to what is saved");
  const saving = h("button.main", { onclick: save, title: "W" }, "Save");
  const create = h("button", { onclick: start, title: "N" }, "New kit");
  const page = h(
    "main.page",
    {},
    h("div.row", {}, h("h1.grow", {}, "Brand kits"), state, onlyFor(model, "operator", back, saving, create)),
    h("div.kits", {}, lists.el, onlyFor(model, "operator", form.el), seen.el),
  );

  const now = () => JSON.stringify([edit.kit, edit.owner]);
  const dirty = () => now() !== before;
  const draftName = () => `brand.${edit.opened ?? "new"}`;

  /** The kit as the API takes it. */
  function sent() {
    const { version: _, ...kit } = edit.kit;
    const fonts = data.assets.filter(
      ({ kind, family }) => kind === "font" && [kit.caption_font, kit.title_font].includes(family),
    );
    const mark = kit.watermark && { ...kit.watermark, text: kit.watermark.text?.trim() || null };
    const watermark = mark?.image || mark?.text ? mark : null;
    const ends = { intro: end(kit.intro), outro: end(kit.outro) };
    return { ...kit, ...ends, fonts: fonts.map((font) => font.ref), watermark };
  }
  /** Edit a version, or a new kit where there is none; what was typed on it before comes back. */
  function open(version, { typed = true } = {}) {
    edit.kit = version ? copy(version.kit) : { ...copy(data.plain), name: "" };
    edit.owner = version?.project ?? "";
    edit.opened = version?.id ?? null;
    before = now();
    const mine = typed && draft.parsed(draftName());
    if (mine) [edit.kit, edit.owner] = mine;
    form.build();
    showState();
    seen.draw();
  }
  function start() {
    open(null);
    lists.show(data, edit.opened);
    form.el.querySelector("input")?.focus();
  }
  async function choose(id) {
    edit.opened = undefined; // whatever comes is opened
    await ask(model, { version: id });
    if (edit.opened === undefined) open(data.version); // nothing came, since it is shown already
  }
  function putBack() {
    draft.set(draftName(), "");
    open(data.version, { typed: false });
  }
  function changed() {
    draft.set(draftName(), dirty() ? now() : "");
    showState();
    seen.draw();
  }
  function showState() {
    const { kit, owner, opened } = edit;
    const same = data.kits.find(({ name, project }) => name === kit.name && (project ?? "") === owner);
    saving.textContent = `Save as version ${1 + (same?.versions[0].version ?? 0)}`;
    saving.disabled = !kit.name.trim() || !dirty();
    back.style.display = dirty() ? "" : "none";
    const saved = opened ? `Version ${kit.version}` : "";
    state.textContent = dirty() ? "Not saved; kept in this browser" : saved;
  }
  async function save() {
    if (saving.disabled || !may(model, "operator")) return;
    const kept = draftName();
    const body = { ...sent(), project_id: edit.owner || null };
    const made = await attempt(saving, () => api("POST", "/api/brands", { body, key: fresh() }));
    showState();
    if (!made) return;
    const { id, name, version } = made.data;
    say(`${name}, version ${version}, is kept. Choose it for a project to let exports inherit it.`);
    draft.set(kept, "");
    before = "";
    form.el.inert = true; // so that nothing is typed meanwhile, which would be lost
    await choose(id);
    form.el.inert = false;
  }

  function show(found) {
    if (found.error) {
      if (data) say(found.error, "bad");
      else failed(place, found.error, h("h1", {}, "Brand kits"));
      return;
    }
    const had = data;
    data = found;
    if (!page.isConnected) fill(place, page);
    // Whoever is at a new kit, or types, keeps that, whatever arrives.
    const yields = edit.opened !== null && idOf(found) !== edit.opened && !dirty();
    if (!had || edit.opened === undefined || yields) open(found.version);
    else if (families(had) !== families(found)) {
      form.build();
      showState();
    }
    lists.show(data, edit.opened);
  }

  const part = (name) => () => {
    seen.see(name);
    seen.draw(0);
  };
  const stopData = follow(model, "data", show);
  const stopLive = renew(model, (event) => KINDS.test(event.kind), RENEW_MS);
  const stopKeys = keys(place, {
    w: ["save as the next version", save],
    n: ["a new kit", start],
    1: ["see the cut", part("cut")],
    2: ["see the intro", part("intro")],
    3: ["see the outro", part("outro")],
  });
  return endAll(stopData, stopLive, stopKeys, seen.stop);
}

/** An intro or outro as the API takes it: a clip that is not chosen yet is none, and knows its own length. */
function end(part) {
  if (!part || !("clip" in part)) return part;
  return part.clip ? { clip: part.clip } : null;
}

const idOf = (data) => data.version?.id ?? null;

/** The fonts that can be chosen, to be compared. */
const families = (data) => JSON.stringify(data.assets.map((asset) => asset.family));

// The form by which a kit is edited.
import { fill, h } from "../kit.js";
import { choiceField, colourField, fieldRow, hint, panel, slideField, textField } from "./fields.js";
import { assetField, uploadButton } from "./uploads.js";

const COLOURS = {
  primary: ["Accent", "karaoke highlight and the bar of cards"],
  text: ["Text", "captions, cards and a written watermark"],
  outline: ["Outline", "around captions"],
  background: ["Background", "of cards"],
};
const PLACES = ["top-left", "top-right", "bottom-left", "bottom-right"];
const NO_MARK = { image: null, text: null, place: "top-right", opacity: 0.6, width: 0.14 };
const CARD = { title: "Title", subtitle: "", seconds: 1.5 };
const ENDS = { intro: "Before the cut: the intro", outro: "After the cut: the outro" };
const FORMS = [
  ["", "nothing"],
  ["card", "a card"],
  ["clip", "a clip of your own"],
];

const whole = (share) => `${Math.round(100 * share)} %`;

/**
 * The form. Returns {el, build()}. `edit` is what is edited: {kit, owner, opened}; `dataOf()` all of the
 * page; `onchange()` is called after each change, `see(part)` with what a change shows in, and `onfont()`
 * after an upload.
 */
export function kitForm({ edit, dataOf, onchange, see, onfont }) {
  const el = h("div.stack");

  /** What a field does with its new value; `part` is where that is seen. */
  const to =
    (set, part = null) =>
    (value) => {
      set(value);
      if (part) see(part);
      onchange();
    };
  /** The same for what changes which fields there are. */
  const anew =
    (set, part = null) =>
    (value) => {
      to(set, part)(value);
      build();
    };

  function build() {
    const { kit, opened } = edit;
    fill(
      el,
      panel(opened ? kit.name || "Kit" : "A new kit", naming()),
      panel("Colours", fieldRow(Object.entries(COLOURS).map(colour))),
      panel("Fonts", fonts(), fontUpload()),
      panel(
        "Logo",
        hint("Shown on the cards before and after the cut."),
        asset(
          "logo",
          kit.logo,
          anew((ref) => (kit.logo = ref)),
        ),
      ),
      panel("Watermark", ...watermark()),
      panel("Intro and outro", ends("intro"), ends("outro")),
    );
  }
  function naming() {
    const { kit, owner } = edit;
    const projects = dataOf().projects.map(({ id, name }) => [id, name]);
    const name = to((value) => (kit.name = value));
    return fieldRow(
      textField("Name", kit.name, name, { maxlength: 200, placeholder: "acme" }),
      choiceField(
        "For",
        [["", "every project"], ...projects],
        owner,
        to((id) => (edit.owner = id)),
      ),
    );
  }
  function colour([name, [words, help]]) {
    const { colours } = edit.kit;
    return colourField(
      words,
      help,
      colours[name],
      to((value) => (colours[name] = value)),
    );
  }
  function fonts() {
    const { kit } = edit;
    const { families, assets } = dataOf();
    const all = new Set([...families, ...assets.map((asset) => asset.family).filter(Boolean)]);
    const choices = [...all].sort().map((family) => [family, family]);
    return fieldRow(
      choiceField(
        "Captions",
        choices,
        kit.caption_font,
        to((family) => (kit.caption_font = family)),
      ),
      choiceField(
        "Cards and watermark",
        choices,
        kit.title_font,
        to((family) => (kit.title_font = family)),
      ),
    );
  }
  function fontUpload() {
    const took = (asset) => {
      keepAsset(asset);
      onfont();
    };
    const remark = h("span.dim.small", {}, "TrueType or OpenType, up to 10 MB");
    return h("div.row", {}, uploadButton("font", "Upload a font", took), remark);
  }
  function watermark() {
    const { kit } = edit;
    const shown = kit.watermark ?? NO_MARK;
    const change = (name, part) =>
      to((value) => {
        kit.watermark ??= { ...NO_MARK };
        kit.watermark[name] = value;
      }, part);
    const places = PLACES.map((place) => [place, place.replace("-", " ")]);
    const written = { maxlength: 120, placeholder: "acme.example" };
    const image = (ref) => {
      change("image", "cut")(ref);
      build();
    };
    return [
      asset("watermark", shown.image, image),
      fieldRow(
        textField("or words", shown.text, (words) => change("text", "cut")(words || null), written),
        choiceField("Where", places, shown.place, change("place")),
        slideField("Opacity", [0, 1, 0.05], shown.opacity, change("opacity"), whole),
        slideField(
          "Width",
          [0.02, 0.5, 0.01],
          shown.width,
          change("width"),
          (n) => `${whole(n)} of the frame`,
        ),
      ),
    ];
  }
  function ends(name) {
    const { kit } = edit;
    const now = kit[name];
    const form = now ? ("clip" in now ? "clip" : "card") : "";
    const become = anew((wanted) => {
      const made = { card: { ...CARD, title: kit.name || CARD.title }, clip: { clip: null } };
      kit[name] = made[wanted] ?? null;
      see(wanted ? name : "cut");
    });
    const fields = { card: cardFields, clip: clipField }[form];
    const choice = choiceField(ENDS[name], FORMS, form, become);
    return h("div.stack", { style: { gap: "10px" } }, choice, fields?.(name, now));
  }
  function clipField(name, bumper) {
    const remark = hint("An MP4 of half a second to 30 s, up to 60 MB; its sound is kept.");
    const set = anew((ref) => (bumper.clip = ref), name);
    return h("div.stack", { style: { gap: "6px" } }, asset("bumper", bumper.clip, set), remark);
  }
  function cardFields(name, card) {
    const set = (field, part = name) => to((value) => (card[field] = value), part);
    const length = (s) => `${s.toFixed(1)} s`;
    return fieldRow(
      textField("Title", card.title, set("title"), { maxlength: 120 }),
      textField("Subtitle", card.subtitle, set("subtitle"), { maxlength: 200 }),
      slideField("Length", [0.5, 10, 0.1], card.seconds, set("seconds", null), length),
    );
  }
  function asset(kind, ref, set) {
    return assetField({ kind, assets: dataOf().assets, ref, set, uploaded: keepAsset });
  }
  /** What was uploaded can be chosen at once. */
  function keepAsset(asset) {
    const { assets } = dataOf();
    if (!assets.some((each) => each.ref === asset.ref)) assets.unshift(asset);
  }
  return { el, build };
}

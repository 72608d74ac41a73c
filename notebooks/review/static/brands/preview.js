// How the export draws a kit: the cut, its intro or its outro, in a shape, with a look of captions.
import { fill, gap, h, tabs } from "../kit.js";
import { stills } from "../widgets/still.js";
import { hint } from "./fields.js";

const AGAIN_MS = 500;
const SHAPES = ["16:9", "9:16", "1:1", "4:5"].map((shape) => [shape, shape]);
const PRESETS = [
  ["bold", "Bold"],
  ["clean", "Clean"],
  ["karaoke", "Karaoke"],
  ["off", "No captions"],
];

/**
 * The preview. Returns {el, draw(ms), see(part), stop()}; `sent()` is the kit as it is edited, as the API takes
 * it.
 */
export function preview({ sent }) {
  const image = h("img", { alt: "How the export draws it" });
  const told = h("div.over");
  const frame = h("div.stage.shot", {}, image, told);
  const choices = h("div.row", gap(6));
  const look = { part: "cut", aspect: "16:9", preset: "bold" };
  let timer = null;
  const tell = (words) => {
    told.hidden = !words;
    told.textContent = words;
  };
  const picture = stills({
    onpicture: show,
    onproblem: tell,
    unless: "It could not be drawn.",
    away: "The server does not answer. The preview comes back with it.",
  });

  function show(url) {
    image.src = url;
    tell("");
    frame.classList.remove("old");
  }
  function choice(name, all) {
    const choose = (value) => {
      look[name] = value;
      draw(0);
    };
    return tabs(all, look[name], choose, { role: "group", "aria-label": name });
  }
  function drawChoices() {
    const { intro, outro } = sent();
    const parts = [
      ["cut", "Cut"],
      ["intro", "Intro", !!intro],
      ["outro", "Outro", !!outro],
    ];
    fill(choices, choice("part", parts), choice("aspect", SHAPES), choice("preset", PRESETS));
  }
  /** Draw anew, once nothing changed for so many milliseconds. */
  function draw(ms = AGAIN_MS) {
    if (look.part !== "cut" && !sent()[look.part]) look.part = "cut";
    drawChoices();
    const [wide, high] = look.aspect.split(":").map(Number);
    const width = `min(100%, calc((100vh - 320px) * ${wide / high}))`;
    Object.assign(frame.style, { aspectRatio: `${wide} / ${high}`, width });
    frame.classList.add("old");
    clearTimeout(timer);
    timer = setTimeout(drawNow, ms);
  }
  function drawNow() {
    const kit = sent();
    const body = JSON.stringify({ ...kit, name: kit.name.trim() || "new", ...look });
    const headers = { "Content-Type": "application/json" };
    tell(picture.any() ? "" : "Drawing…");
    picture.draw(() => fetch("/api/brands/preview", { method: "POST", headers, body }));
  }
  /** Show this part from now on. */
  function see(part) {
    look.part = part;
  }
  function stop() {
    clearTimeout(timer);
    picture.stop();
  }
  const remark = hint("Drawn by the graph that renders exports, on drawn footage.");
  const el = h("section.panel.stack.sticky", { "aria-label": "Preview" }, choices, frame, remark);
  return { el, draw, see, stop };
}

// The golden frames that differ: one over the other with an edge between them, or their difference.
import { clamp, fill, h, heading, pressChip, tabs } from "../kit.js";

const HIGHEST = "56vh";

/** The panel of frames. Returns {el, show(run), start(), see(number), step(by), turn()}. */
export function differingFrames() {
  const el = h("section.panel.stack");
  const over = overlaid();
  let frames = [];
  let at = 0;
  let difference = false;

  function show(run) {
    frames = run?.frames ?? [];
    el.style.display = frames.length ? "" : "none";
    if (!frames.length) return;
    at = clamp(at, 0, frames.length - 1);
    over.show(frames[at], difference);
    const ways = [
      [false, "Slider"],
      [true, "Difference"],
    ];
    const chip = (frame, number) =>
      pressChip(`${frame.case} ${frame.locale}`, number === at, () => turnTo(number));
    const chips = { style: { gap: "4px", maxHeight: "92px", overflow: "auto" } };
    fill(
      el,
      h("div.row", {}, heading("Golden frames that differ"), tabs(ways, difference, showDifference)),
      h("div.row", chips, frames.map(chip)),
      over.el,
      facts(frames[at]),
    );
  }
  const draw = () => show({ frames });
  function turnTo(number) {
    at = number;
    draw();
  }
  function showDifference(is) {
    difference = is;
    draw();
  }
  function see(number) {
    turnTo(number);
    el.scrollIntoView({ behavior: "smooth", block: "nearest" });
  }
  function step(by) {
    if (frames.length) turnTo((at + by + frames.length) % frames.length);
  }
  const start = () => (at = 0);
  return { el, show, start, see, step, turn: () => showDifference(!difference) };
}

function facts(frame) {
  return h(
    "div.row.small.num",
    {},
    h("strong", {}, `${frame.case}, ${frame.locale}`),
    h("span", {}, `SSIM ${frame.ssim.toFixed(4)}`),
    h("span", {}, `VMAF ${frame.vmaf.toFixed(1)}`),
    h("span", {}, `${(100 * frame.share).toFixed(2)} % of its pixels off`),
    h("span.dim", {}, `${frame.differing} of ${frame.frames} frames of this case differ`),
    h("span.grow"),
    h("a.button.bare", { href: frame.diff, target: "_blank" }, "Open the difference"),
  );
}

/** Two frames over each other, with an edge between them that is dragged, or moved with the arrow keys. */
function overlaid() {
  const picture = (kind, alt) => h(kind, { alt, draggable: "false" });
  const before = picture("img", "As it was blessed");
  const after = picture("img.after", "As it is now");
  const both = picture("img", "Before, after, and their difference");
  const move = () => sides.style.setProperty("--edge", `${edge.value}%`);
  const name = "How much of the frame is shown as it was";
  const range = { type: "range", min: 0, max: 100, step: 0.5, value: 50 };
  const edge = h("input", { ...range, "aria-label": name, oninput: move });
  const tags = [h("span.tag.left", {}, "blessed"), h("span.tag.right", {}, "now")];
  const sides = h("div.sides", {}, before, after, tags, h("i.edge"), edge);
  const el = h("div.compare");
  before.addEventListener("load", () => {
    const shape = before.naturalWidth / before.naturalHeight;
    sides.style.width = `min(100%, calc(${HIGHEST} * ${shape}))`;
  });
  move();

  function load(image, src) {
    if (!image.src.endsWith(src)) image.src = src;
  }
  function show(frame, difference) {
    if (difference) load(both, frame.diff);
    else {
      load(before, frame.before);
      load(after, frame.after);
    }
    fill(el, difference ? both : sides);
  }
  return { el, show };
}

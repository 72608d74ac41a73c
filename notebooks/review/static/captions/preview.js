// A frame of a deliverable as the export draws it, with the captions as they are now and a look that is
// tried.
import { api, ask, attempt, calmly, clock, fill, gap, h, heading, options, rational } from "../kit.js";
import { stills } from "../widgets/still.js";

const PRESETS = { clean: "Clean", bold: "Bold", karaoke: "Karaoke", off: "None" };
const AGAIN_MS = 500;
const AWAY = "The server does not answer; the frame is drawn when it is back.";

const keyOf = (cut) => `${cut.session}/${cut.timeline}`;

/** Where a cut shows a second of the file, in its own seconds; null where it does not. */
function placeIn(cut, second) {
  const clip = cut.clips.find(({ from, to }) => from <= second && second < to);
  return clip ? clip.at + second - clip.from : null;
}

/** The panel "As exported". Returns {el, show(data), draw(), nextLook(), stop()}. */
export function preview({ model, script, play }) {
  const cutChoice = h("select", { "aria-label": "Deliverable", onchange: anotherCut });
  const shapeChoice = h("select", { "aria-label": "Shape", onchange: () => draw() });
  const looks = h("div.row", gap(6));
  const frame = h("div.stage.preview");
  const told = h("div.small.dim", { role: "status", style: { minHeight: "20px" } });
  const picture = stills({
    onpicture: show,
    onproblem: (words) => (told.textContent = words),
    unless: "The frame could not be drawn.",
    away: AWAY,
  });
  const draw = calmly(drawNow, AGAIN_MS);
  let data = null;
  let wanted = null; // the timeline that was chosen, which outlives its session
  let tried = null; // a look that is not the cut's own
  let drawing = null; // what the next picture shows

  const cut = () => data?.cuts.find((one) => keyOf(one) === cutChoice.value) ?? null;
  const look = () => tried ?? cut()?.look ?? "off";

  function anotherCut() {
    tried = null;
    offerShapes(cut());
    drawLooks();
    draw();
  }
  function choose(one) {
    cutChoice.value = keyOf(one);
    wanted = one.timeline;
  }
  function offerShapes(one, chosen = null) {
    const shapes = (one?.aspects ?? []).map((aspect) => [aspect, aspect]);
    fill(shapeChoice, options(shapes, chosen));
  }
  function tryLook(name) {
    tried = name;
    drawLooks();
    draw();
  }
  function drawLooks() {
    const one = cut();
    const now = look();
    const button = (name) => {
      const chosen = name === now;
      const style = { borderColor: chosen ? "var(--accent)" : "" };
      const props = { "aria-pressed": String(chosen), style, onclick: () => tryLook(name) };
      return h("button", props, PRESETS[name] ?? name);
    };
    const use = { disabled: !script.may, onclick: (event) => keepLook(event.currentTarget, now) };
    const differs = one && now !== one.look;
    fill(looks, data.presets.map(button), differs ? h("button.main", use, "Use it") : null);
  }
  async function keepLook(button, preset) {
    const send = () => api("PUT", `/api/batches/${data.batch.id}/caption-look`, { body: { preset } });
    const words = "All cuts of the batch look like this now; they are to be signed again";
    if (!(await attempt(button, send, words))) return;
    tried = null;
    ask(model);
  }

  /** The chosen cut, or rather another that shows this second than none. */
  function cutThatShows(second) {
    const one = cut();
    if (!one || placeIn(one, second) !== null) return one;
    const other = data.cuts.find((each) => placeIn(each, second) !== null);
    if (!other) return one;
    choose(other);
    offerShapes(other);
    drawLooks();
    return other;
  }
  function drawNow() {
    const line = script.chosen;
    const second = line ? (line.start + line.end) / 2000 : play.time();
    const one = cutThatShows(second);
    if (!one) {
      fill(frame);
      told.textContent = data?.cuts.length ? "" : "No cut shows this file yet.";
      return;
    }
    const at = placeIn(one, second);
    if (at === null) {
      told.textContent = "No cut shows this line.";
      frame.classList.add("old");
      return;
    }
    told.textContent = "Drawing…";
    drawing = { timeline: one.timeline, aspect: shapeChoice.value, at };
    picture.draw(() => send(one));
  }
  /** Who may not change anything sees the cut as it is. */
  function send({ session }) {
    const { timeline, aspect, at } = drawing;
    const wish = { timeline, aspect, at: rational(at), preset: tried ?? "" };
    const path = `/api/sessions/${session}/preview`;
    if (!script.may) return fetch(`${path}?${new URLSearchParams(wish)}`);
    const lines = script.lines.filter((line) => line.text.trim());
    const body = JSON.stringify({ ...wish, file_id: data.file.id, lines });
    return fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body });
  }
  function show(url) {
    const { timeline, aspect, at } = drawing;
    frame.classList.remove("old");
    fill(frame, h("img", { src: url, alt: `A frame of ${timeline}, ${aspect}, as exported` }));
    told.textContent = `${clock(at)} of ${timeline}, drawn by the export's own renderer`;
  }

  function take(found) {
    data = found;
    const { cuts } = data;
    const before = cutChoice.value;
    fill(cutChoice, options(cuts.map((one) => [keyOf(one), one.timeline])));
    const again =
      cuts.find((one) => keyOf(one) === before) ??
      cuts.find((one) => one.timeline === wanted) ??
      cuts.find((one) => one.look !== "off") ??
      cuts[0];
    if (again) choose(again);
    offerShapes(again, shapeChoice.value);
    drawLooks();
  }
  function nextLook() {
    const { presets } = data;
    tryLook(presets[(presets.indexOf(look()) + 1) % presets.length]);
  }
  const choices = h("div.row", {}, cutChoice, shapeChoice);
  const el = h("div.panel.stack", gap(10), heading("As exported"), choices, looks, frame, told);
  return { el, show: take, draw, nextLook, stop: picture.stop };
}

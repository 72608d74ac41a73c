// One file that is rated blind, two seconds at a time; what was rated is kept until it was saved.
import { api, ask, attempt, clamp, clock, draft, FILLING, fill, h, keys, say } from "../kit.js";

/** What the ratings 1 to 5 mean. */
const MEANS = ["leave it out", "weak", "fair", "strong", "show it"];
/** Of a window that is not rated, and of the ratings 1 to 5. */
const COLOURS = ["var(--line)", "#4b5568", "#5a7a9e", "#5aa9ff", "#e0a52e", "var(--accent)"];
const IN_A_ROW = 60;
const HINT =
  "Keys 1 to 5 rate and go on, arrows move, space plays again, ? shows all keys. What you rated is kept in " +
  "this browser until you save.";

const draftName = (id) => `ratings.${id}`;

/** The ratings of a file that were not saved yet. */
export const unsaved = (id) => draft.parsed(draftName(id)) ?? [];

/** Show a file to be rated in `place`. Returns how to stop. */
export function rate(place, model, file) {
  const { id, windows } = file;
  const before = unsaved(id);
  const ratings = windows.map((_, i) => before[i] ?? 0); // 0 is none
  let at = Math.max(0, ratings.indexOf(0));

  const video = h("video", { src: file.proxy, playsinline: true, preload: "auto", style: FILLING });
  const told = h("div.row");
  const marks = windows.map(([start], i) => mark(start, () => go(i)));
  const buttons = MEANS.map((words, i) => ratingButton(i + 1, words, () => give(i + 1)));
  const saving = h("button.main", { onclick: save }, "Save the ratings");
  const leave = () => ask(model, { file: null });

  function draw() {
    marks.forEach((one, i) => {
      one.style.background = COLOURS[ratings[i]];
      one.style.borderColor = i === at ? "#fff" : "transparent";
      one.setAttribute("aria-selected", String(i === at));
    });
    buttons.forEach((button, i) => {
      button.style.borderColor = ratings[at] === i + 1 ? "var(--accent)" : "";
    });
    const done = ratings.filter(Boolean).length;
    const [start, end] = windows[at];
    fill(
      told,
      h("strong.num", {}, `${clock(start)}–${clock(end)}`),
      h("span.dim.num.grow", {}, `window ${at + 1} of ${windows.length}, ${done} rated`),
      h("button", { onclick: play }, "Play again"),
      saving,
    );
    saving.disabled = done < windows.length;
  }
  function play() {
    video.currentTime = windows[at][0];
    video.play().catch(() => {}); // a later wish was quicker
  }
  function go(index) {
    at = clamp(index, 0, windows.length - 1);
    draw();
    play();
  }
  function give(rating) {
    ratings[at] = rating;
    draft.set(draftName(id), JSON.stringify(ratings));
    const next = ratings.findIndex((one, i) => i > at && !one);
    if (next >= 0) {
      go(next);
      return;
    }
    draw();
    if (!ratings.includes(0)) say("Every window is rated: save when you are content.");
  }
  async function save() {
    if (saving.disabled) {
      say("Some windows are not rated yet", "bad");
      return;
    }
    const body = { ratings, again: true };
    const send = () => api("PUT", `/api/files/${id}/ratings`, { body });
    if (!(await attempt(saving, send, "Saved. Thank you"))) return;
    draft.set(draftName(id), "");
    leave();
  }

  video.addEventListener("timeupdate", () => {
    if (video.currentTime >= windows[at][1]) video.pause();
  });
  const back = h("button.bare", { onclick: leave }, "‹ Footage");
  const page = h(
    "main.page",
    { style: { maxWidth: "1000px" } },
    h("div.row", {}, back, h("h1.grow.clip", {}, file.name)),
    h("div.stage", { style: { aspectRatio: "16 / 9" } }, video),
    told,
    h("div.row", { style: { flexWrap: "nowrap" } }, buttons),
    track(marks),
    h("p.dim.small", {}, HINT),
  );
  fill(place, page);
  draw();
  return keys(place, {
    ...Object.fromEntries(MEANS.map((words, i) => [i + 1, [words, () => give(i + 1)]])),
    ArrowRight: ["next window", () => go(at + 1)],
    ArrowLeft: ["the window before", () => go(at - 1)],
    " ": ["play again", play],
    s: ["save", save],
  });
}

function mark(start, onclick) {
  const style = { minHeight: "22px", padding: 0, borderRadius: "3px" };
  const name = `Window at ${clock(start)}`;
  return h("button", { role: "option", title: clock(start), "aria-label": name, style, onclick });
}

function track(marks) {
  const columns = `repeat(${Math.min(marks.length, IN_A_ROW)}, minmax(0, 1fr))`;
  const style = { display: "grid", gridTemplateColumns: columns, gap: "2px" };
  return h("div", { role: "listbox", "aria-label": "Windows", style }, marks);
}

function ratingButton(rating, words, onclick) {
  const style = { flex: 1, justifyContent: "center", flexDirection: "column", gap: 0, minHeight: "56px" };
  const number = h("strong", { style: { fontSize: "20px" } }, String(rating));
  return h("button", { onclick, style }, number, h("span.small.dim", {}, words));
}

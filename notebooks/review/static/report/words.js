// A transcript that follows the playhead. Sentences are plain text until they come near the view; only then
// do their words become elements, so that two hours of talk cost no more than a minute.
import { clock, fill, h } from "../kit.js";

const HEIGHT = "min(62vh, 560px)";
const NEAR = "300px";
const HANDS_OFF_MS = 4000; // so long after somebody scrolled it stays where it is
const NOTHING = "Nobody speaks in this file, or nobody could write it down.";

const stamp = (ms) => clock(Math.floor(ms / 1000), 0);

/**
 * A transcript. Returns {el, show(transcript), follow(seconds), stop()}; transcript: {words, starts, ends,
 * sentences} in columns, `sentences` being the number of the first word of each.
 */
export function words({ onseek }) {
  const props = { tabindex: 0, role: "region", "aria-label": "Transcript", style: { maxHeight: HEIGHT } };
  const el = h("div.words", props);
  const near = new IntersectionObserver(growSeen, { root: el, rootMargin: NEAR });
  let told = null;
  let lines = []; // by sentence: {el, first, end, grown}
  let current = -1; // the word that is said
  let lit = null;
  let touched = 0;

  function show(transcript) {
    near.disconnect();
    told = transcript;
    current = -1;
    lit = null;
    lines = told?.words.length ? told.sentences.map(line) : [];
    fill(el, lines.length ? lines.map((one) => one.el) : h("p.dim", {}, NOTHING));
    for (const one of lines) near.observe(one.el);
    el.scrollTop = 0;
  }
  function line(first, number) {
    const end = told.sentences[number + 1] ?? told.words.length;
    const text = told.words.slice(first, end).join(" ");
    const at = h("span.stamp.num", {}, stamp(told.starts[first]));
    return { el: h("p", { "data-line": number }, at, h("span.text", {}, text)), first, end, grown: false };
  }
  function growSeen(seen) {
    for (const one of seen) if (one.isIntersecting) grow(lines[Number(one.target.dataset.line)]);
  }
  /** Make elements of the words of a sentence. */
  function grow(one) {
    if (!one || one.grown) return;
    one.grown = true;
    const word = (text, i) => {
      const number = one.first + i;
      return h("span", { "data-word": number, role: "link", title: stamp(told.starts[number]) }, text);
    };
    const grown = told.words.slice(one.first, one.end).map(word);
    fill(
      one.el.querySelector(".text"),
      grown.flatMap((element) => [element, " "]),
    );
  }
  /** Number of the last word that began, by halving; -1 before the first. */
  function wordAt(ms) {
    let low = 0;
    let high = told.words.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (told.starts[middle] <= ms) low = middle;
      else high = middle - 1;
    }
    return told.starts[low] <= ms ? low : -1;
  }
  function follow(seconds) {
    if (!told?.words.length) return;
    const word = wordAt(seconds * 1000);
    if (word === current) return;
    current = word;
    lit?.classList.remove("lit");
    lit = null;
    if (word < 0) return;
    const one = lines.findLast(({ first }) => first <= word);
    grow(one);
    lit = one.el.querySelector(`[data-word="${word}"]`);
    lit?.classList.add("lit");
    el.querySelector("p.now")?.classList.remove("now");
    one.el.classList.add("now");
    if (Date.now() - touched >= HANDS_OFF_MS) reveal(one.el);
  }
  function reveal(line) {
    const top = line.offsetTop - el.offsetTop;
    const bottom = top + line.offsetHeight;
    const inSight = top >= el.scrollTop + 20 && bottom <= el.scrollTop + el.clientHeight - 20;
    if (!inSight) el.scrollTop = top - el.clientHeight / 3;
  }

  el.addEventListener("click", (event) => {
    const word = event.target.closest?.("[data-word]")?.dataset.word;
    const sentence = event.target.closest?.("[data-line]")?.dataset.line;
    const number = word ?? lines[sentence]?.first;
    if (number !== undefined) onseek(told.starts[number] / 1000);
  });
  const touch = () => (touched = Date.now());
  for (const kind of ["wheel", "touchmove", "pointerdown"]) {
    el.addEventListener(kind, touch, { passive: true });
  }
  return { el, show, follow, stop: () => near.disconnect() };
}

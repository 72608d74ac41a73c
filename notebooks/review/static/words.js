// A transcript that follows the playhead. Sentences are plain text until they come near the view; only then
// do their words become elements, so that two hours of talk cost no more than a minute.
import { fill, h } from "./kit.js";

/** {el, show(transcript), follow(seconds), at(seconds)} ; transcript: {words, starts, ends, sentences} in columns. */
export function words({
  onseek,
  height = "min(62vh, 560px)",
  nothing = "Nobody speaks in this file, or nobody could write it down.",
}) {
  const el = h("div.words", {
    tabindex: 0,
    role: "region",
    "aria-label": "Transcript",
    style: { maxHeight: height },
  });
  let told = null,
    lines = [],
    current = -1,
    lit = null,
    touched = 0;
  const near = new IntersectionObserver(
    (seen) =>
      seen.forEach((one) => {
        if (one.isIntersecting) grow(lines[Number(one.target.dataset.line)]);
      }),
    { root: el, rootMargin: "300px" },
  );
  for (const kind of ["wheel", "touchmove", "pointerdown"])
    el.addEventListener(
      kind,
      () => {
        touched = Date.now();
      },
      { passive: true },
    );
  el.addEventListener("click", (event) => {
    const found = event.target.closest?.("[data-word]");
    if (found) {
      onseek(told.starts[Number(found.dataset.word)] / 1000);
      return;
    }
    const line = event.target.closest?.("[data-line]");
    if (line) onseek(told.starts[lines[Number(line.dataset.line)].first] / 1000);
  });
  function show(transcript) {
    near.disconnect();
    told = transcript;
    lines = [];
    current = -1;
    lit = null;
    if (!told?.words.length) {
      fill(el, h("p.dim", {}, nothing));
      return;
    }
    told.sentences.forEach((first, number) => {
      const last = told.sentences[number + 1] ?? told.words.length;
      const line = h(
        "p",
        { "data-line": number },
        h("span.stamp.num", {}, stamp(told.starts[first])),
        h("span.text", {}, told.words.slice(first, last).join(" ")),
      );
      lines.push({ el: line, first, last, grown: false });
      near.observe(line);
    });
    fill(
      el,
      lines.map((one) => one.el),
    );
    el.scrollTop = 0;
  }
  function grow(line) {
    if (!line || line.grown) return;
    line.grown = true;
    const parts = [];
    for (let i = line.first; i < line.last; i++)
      parts.push(
        h("span", { "data-word": i, role: "link", title: stamp(told.starts[i]) }, told.words[i]),
        " ",
      );
    fill(line.el.querySelector(".text"), parts);
  }
  function at(seconds) {
    const ms = seconds * 1000;
    let low = 0,
      high = (told?.words.length ?? 0) - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (told.starts[middle] <= ms) low = middle;
      else high = middle - 1;
    }
    return told?.words.length && told.starts[low] <= ms ? low : -1;
  }
  function follow(seconds) {
    if (!told?.words.length) return;
    const word = at(seconds);
    if (word === current) return;
    current = word;
    lit?.classList.remove("lit");
    lit = null;
    if (word < 0) return;
    const line = lines.findLast((one) => one.first <= word);
    grow(line);
    lit = line.el.querySelector(`[data-word="${word}"]`);
    lit?.classList.add("lit");
    el.querySelector("p.now")?.classList.remove("now");
    line.el.classList.add("now");
    if (Date.now() - touched < 4000) return;
    const top = line.el.offsetTop - el.offsetTop;
    if (top < el.scrollTop + 20 || top + line.el.offsetHeight > el.scrollTop + el.clientHeight - 20)
      el.scrollTop = top - el.clientHeight / 3;
  }
  return { el, show, follow, at, stop: () => near.disconnect() };
}
const stamp = (ms) => {
  const s = Math.floor(ms / 1000),
    m = Math.floor(s / 60),
    hours = Math.floor(m / 60);
  return hours
    ? `${hours}:${String(m % 60).padStart(2, "0")}:${String(s % 60).padStart(2, "0")}`
    : `${m}:${String(s % 60).padStart(2, "0")}`;
};

// What a render job left: a video with its checks and captions.
import { chip, clock, FILLING, gap, h } from "../kit.js";

/** An output as a card. */
export function outputCard(output) {
  const { url, timeline, aspect, passed, captions } = output;
  const video = { src: url, controls: true, preload: "metadata", playsinline: true, style: FILLING };
  const save = (words, address, kind = "a.button") =>
    h(kind, { href: `${address}&save=true`, download: "" }, words);
  return h(
    "article.stack",
    gap(8),
    h("div.stage", { style: { aspectRatio: "16 / 9" } }, h("video", video)),
    h(
      "div.row",
      gap(6),
      h("strong.grow.clip", {}, timeline),
      h("span.chip.plain", {}, aspect),
      chip(passed ? "passed" : "failed", passed ? "checks passed" : "check failed"),
    ),
    h("div.small.dim.num", {}, factsOf(output)),
    checksOf(output),
    h(
      "div.row",
      {},
      save("Download", url),
      captions.map((caption) => save(caption.kind, caption.url, "a.button.bare")),
    ),
  );
}

function factsOf({ preset, width, height, duration, loudness }) {
  const loud = loudness === null ? "silent" : `${loudness.toFixed(1)} LUFS`;
  return [preset, `${width}×${height}`, clock(duration), loud].join(" · ");
}

function checksOf({ checks }) {
  const check = ({ passed, name, measured, required }) => [
    h("span", { style: { color: passed ? "var(--good)" : "var(--bad)" } }, passed ? "✓" : "✗"),
    h("span", {}, `${name}: ${measured} `, h("span.dim", {}, `(${required})`)),
  ];
  const style = { display: "grid", gridTemplateColumns: "auto 1fr", gap: "2px 10px", marginTop: "6px" };
  const list = h("div", { style }, checks.map(check));
  return h("details.small", {}, h("summary", {}, `${checks.length} checks`), list);
}

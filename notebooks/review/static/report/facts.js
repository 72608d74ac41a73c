// What a batch holds and what to make of it, who looked and listened, and its moments as cards.
import { clock, h } from "../kit.js";

const small = (words) => h("span.small.dim", {}, words);

/** The panel about a batch. */
export function aboutBatch({ targets, brief, warnings, keywords, figures }) {
  const facts = [
    brief ? h("li", {}, small("Brief"), brief) : null,
    warnings.map((line) => h("li.warn", {}, line)),
    keywords.length ? h("li", {}, small("Often said"), keywords.join(", ")) : null,
    measured(figures).map(([name, value]) => h("li", {}, small(name), h("span.num", {}, value))),
  ];
  return h(
    "div.panel.stack",
    {},
    targets.length ? section("Worth making", targets.map(target)) : null,
    section("What it holds", facts),
  );
}

const section = (title, items) => h("section", {}, h("h2", {}, title), h("ul.facts", {}, items));

function target({ blueprint, aspect, reason }) {
  const name = h("span", {}, h("strong", {}, blueprint), h("span.dim", {}, ` ${aspect}`));
  return h("li", {}, name, small(reason));
}

function measured({ duration_s, shots, mean_shot_s, speech_share, faces_share }) {
  const share = (value) => `${Math.round(100 * value)} %`;
  return [
    ["Footage", duration_s, () => clock(duration_s, 0)],
    ["Shots", shots, () => `${shots}, ${mean_shot_s?.toFixed(1)} s each`],
    ["Speech", speech_share, () => share(speech_share)],
    ["Faces in view", faces_share, () => share(faces_share)],
  ]
    .filter(([, value]) => value !== undefined)
    .map(([name, , words]) => [name, words()]);
}

/** The panel about a file's engines, those that stand in for another first. */
export function engines(file) {
  const standsIn = (one) => one.fallback !== null;
  const sorted = [...file.engines].sort((a, b) => standsIn(b) - standsIn(a));
  return h("div.panel", {}, h("h2", {}, "Who looked and listened"), h("ul.facts", {}, sorted.map(engine)));
}

function engine({ role, name, version, fallback }) {
  const which = h("span.dim.small", {}, ` · ${name} ${version === "-" ? "" : version}`);
  const instead = fallback ? small(`Stands in: ${fallback}`) : null;
  return h(fallback ? "li.warn" : "li", {}, h("span", {}, role, which), instead);
}

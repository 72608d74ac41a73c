// The moments of a batch as cards, each with the signals that its score is made of.
import { clock, fill, h, percent } from "../kit.js";

const NAMED = 5; // signals that a card names

const colour = (part) => `hsl(${part.hue} 62% 62%)`;
const added = (part) => `${part.label} +${part.added.toFixed(2)}`;

/** Cards. Returns {el, show(moments, unless), mark(number)}; `unless` stands where there is none. */
export function heroCards({ onopen }) {
  const el = h("div.cards");
  return {
    el,
    show: (moments, unless) =>
      fill(el, moments.length ? moments.map((moment) => card(moment, () => onopen(moment))) : unless),
    mark(number) {
      for (const one of el.children) {
        one.setAttribute("aria-current", String(one.dataset.number === String(number)));
      }
    },
  };
}

function card(moment, onclick) {
  const { number, score, name, start, end, reason } = moment;
  const parts = moment.parts.filter((part) => part.added > 0);
  const named = moment.parts.slice(0, NAMED).filter((part) => part.added > 0);
  const bar = (part) => {
    const width = percent(part.added / Math.max(score, 0.01));
    return h("i", { style: { width, background: colour(part) } });
  };
  const legend = (part) =>
    h("span", { title: part.meaning }, h("i", { style: { background: colour(part) } }), added(part));
  return h(
    "button.card",
    { "data-number": number, onclick, title: "Play it" },
    h(
      "div.top",
      {},
      h("span.dim.num", {}, `${number}`),
      h("span.score.num", {}, score.toFixed(2)),
      h("span.grow.clip.small.dim", {}, name),
      h("span.small.num", {}, `${clock(start)}–${clock(end)}`),
    ),
    h("div", {}, reason),
    h("div.parts", { title: moment.parts.map(added).join(", ") }, parts.map(bar)),
    h("div.legend.num", {}, named.map(legend)),
  );
}

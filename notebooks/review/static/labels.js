// Rating footage blind: two seconds at a time, 1 to 5, nothing of what the machine thinks.
import { ask, clock, counted, empty, failed, follow, h, onePage, onlyFor, root, toBatches } from "./kit.js";
import { rate, unsaved } from "./labels/rating.js";

const WHY =
  "Rate footage two seconds at a time, without seeing any score. What you say tunes and tests the scoring.";

/** Draw the list of footage, or the file that is rated. */
export function render({ model, el }) {
  const place = root(el);
  const choose = (file) => ask(model, { file: file.id });
  let stop = () => {};

  const stopData = follow(model, "data", (data) => {
    stop();
    stop = () => {};
    if (data.error) failed(place, data.error);
    else if (data.chosen) stop = rate(place, model, data.chosen);
    else
      onePage(
        place,
        h("div", {}, h("h1", {}, "Labels"), h("p.dim", {}, WHY)),
        onlyFor(model, "reviewer", footage(data.files, choose)),
      );
  });
  return () => {
    stop();
    stopData();
  };
}

function footage(files, choose) {
  if (files.length) {
    return h(
      "div.panel.stack",
      {},
      files.map((file) => row(file, () => choose(file))),
    );
  }
  const how = "Footage can be rated once it was analysed.";
  const start = toBatches("Start a run", "a.button.main");
  return h("div.panel", {}, empty("There is no footage to rate", how, start));
}

function row(file, onclick) {
  const next = file.mine ? "Rate again" : unsaved(file.id).length ? "Go on" : "Rate";
  return h(
    "div.row",
    {},
    h("button.bare", { onclick, style: { fontWeight: 600 } }, file.name),
    h("span.dim.num", {}, clock(file.duration)),
    h("span.grow"),
    h("span.dim.small", {}, ratedBy(file)),
    h(file.mine ? "button" : "button.main", { onclick }, next),
  );
}

function ratedBy({ raters, agreement }) {
  if (!raters) return "nobody rated it";
  const agreed = agreement === null ? "" : `, agreement ${agreement.toFixed(2)}`;
  return `${counted(raters, "person", "people")} rated it${agreed}`;
}

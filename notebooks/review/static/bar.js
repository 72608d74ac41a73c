// The bar at the top of every app, with the way to the others.
import { appLink, follow, h, root } from "./kit.js";

const APPS = [
  ["batches", "Batches"],
  ["report", "Analysis"],
  ["moments", "Review"],
  ["captions", "Captions"],
  ["renders", "Renders"],
  ["board", "Board"],
  ["sources", "Sources"],
  ["brands", "Brand kits"],
  ["lab", "Scoring lab"],
  ["labels", "Labels"],
  ["qa", "QA"],
];
/** Those that are about one batch keep the batch that is looked at. */
const ABOUT_ONE = ["report", "moments", "captions"];
const MARK = [
  [6, "#2c8f7b"],
  [12, "#ffb224"],
  [9, "#9aa3b2"],
];

/** Draw the bar. */
export function render({ model, el }) {
  const place = root(el);
  const batch = new URLSearchParams(location.search).get("batch");
  const link = ([app, words], active) => {
    const href = appLink(app, ABOUT_ONE.includes(app) ? { batch } : {});
    return h("a", { href, "aria-current": app === active ? "page" : null }, words);
  };
  return follow(model, "data", ({ active, who }) => {
    const home = h("a.mark", { href: appLink("batches") }, mark(), "Editron");
    const links = APPS.map((app) => link(app, active));
    const me = h("span.dim.small.hide-small", {}, `${who?.name ?? ""} · ${who?.role ?? ""}`);
    place.replaceChildren(h("header.head", {}, home, h("nav", { "aria-label": "Apps" }, links), me));
    place.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  });
}

function mark() {
  const bar = ([height, background]) =>
    h("i", { style: { width: "4px", height: `${height}px`, background, borderRadius: "1px" } });
  const style = { display: "inline-flex", gap: "2px", alignItems: "end", height: "14px" };
  return h("span", { style }, MARK.map(bar));
}

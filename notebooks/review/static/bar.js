import { follow, h, root } from "./kit.js";

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
const ABOUT_ONE = ["report", "moments", "captions"];

/** The way to the other apps. Those about one batch keep the batch that is looked at. */
export function render({ model, el }) {
  const place = root(el);
  const batch = new URLSearchParams(location.search).get("batch");
  return follow(model, "data", ({ active, who }) => {
    place.replaceChildren(
      h(
        "header.head",
        {},
        h("a.mark", { href: "/apps/batches/" }, mark(), "Editron"),
        h(
          "nav",
          { "aria-label": "Apps" },
          APPS.map(([name, words]) =>
            h(
              "a",
              {
                href: `/apps/${name}/${batch && ABOUT_ONE.includes(name) ? `?batch=${encodeURIComponent(batch)}` : ""}`,
                "aria-current": name === active ? "page" : null,
              },
              words,
            ),
          ),
        ),
        h("span.dim.small.hide-small", {}, `${who?.name ?? ""} · ${who?.role ?? ""}`),
      ),
    );
    place.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  });
}

function mark() {
  const bars = [
    [0, 6, "#2c8f7b"],
    [5, 12, "#ffb224"],
    [10, 9, "#9aa3b2"],
  ];
  return h(
    "span",
    { style: { display: "inline-flex", gap: "2px", alignItems: "end", height: "14px" } },
    bars.map(([, high, colour]) =>
      h("i", { style: { width: "4px", height: `${high}px`, background: colour, borderRadius: "1px" } }),
    ),
  );
}

// The pictures that a finding points to.
import { emptied, fill, gap, h } from "../kit.js";

/**
 * Links to overlays, and a form for one more. Returns {el, show(overlays)}; `onadd({label, url})` tells if it
 * was.
 */
export function overlayLinks({ onadd }) {
  const links = h("div.row", gap(8));
  const address = h("input.grow", {
    placeholder: "/api/… or https://…",
    "aria-label": "Address of an overlay",
  });
  const shows = { placeholder: "what it shows", "aria-label": "What the overlay shows" };
  const label = h("input", { ...shows, style: { width: "130px" } });
  async function add(event) {
    event.preventDefault();
    const overlay = { label: label.value.trim() || "overlay", url: address.value.trim() };
    if (await onadd(overlay)) emptied(address, label);
  }
  const form = { style: { marginTop: "8px" }, onsubmit: add };
  const more = h(
    "details.small",
    {},
    h("summary.dim", {}, "Link an overlay"),
    h("form.row", form, address, label, h("button", {}, "Link")),
  );
  return { el: h("div.stack", gap(8), links, more), show: (overlays) => fill(links, overlays.map(link)) };
}

/** Only of this server, or of another one in its own tab and without a word of where it came from. */
function link({ label, url }) {
  if (url.startsWith("/")) return h("a.button", { href: url, target: "_blank" }, label);
  const props = { target: "_blank", rel: "noopener noreferrer", title: url };
  const outside = h("a.button", props, `${label} ↗`);
  if (/^https?:\/\//.test(url)) outside.setAttribute("href", url);
  return outside;
}

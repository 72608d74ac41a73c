// What the page says by itself: lines at the corner, and one banner while the server is away.
import { h, outside } from "./dom.js";
import { tell } from "./live.js";

const GOOD_MS = 4000;
const LONGER_MS = 9000;
const LOOK_MS = 2000;
const TOP = { position: "fixed", top: "12px", left: "50%", transform: "translateX(-50%)", zIndex: 99 };

let toasts = null;

/** A line at the corner that goes by itself; `kind` "bad" stays longer. */
export function say(words, kind = "") {
  if (!toasts?.isConnected) {
    toasts = h("div.toasts", { role: "status", "aria-live": "polite" });
    document.body.append(outside(toasts));
  }
  const line = h(kind ? `div.${kind}` : "div", {}, words);
  toasts.append(line);
  setTimeout(() => line.remove(), kind ? LONGER_MS : GOOD_MS);
}

let banner = null;

/** One plain message while the server is away; it goes when the server is back. */
export function away(is) {
  if (!is) {
    banner?.remove();
    banner = null;
    return;
  }
  if (banner) return;
  const words = "The server does not answer. This page goes on by itself when it is back.";
  banner = outside(h("div.notice", { role: "alert", style: TOP }, words));
  document.body.append(banner);
  setTimeout(look, LOOK_MS);
}

async function look() {
  const back = await fetch("/healthz").then(
    (answer) => answer.ok,
    () => false,
  );
  if (back) {
    away(false);
    tell({ kind: "back" });
  } else if (banner) setTimeout(look, LOOK_MS);
}

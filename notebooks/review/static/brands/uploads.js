// Logos, watermarks, fonts and clips: sent to the server, and chosen among those that it has.
import { attempt, h, options, read, Refusal, say, size } from "../kit.js";

const LIMITS = { logo: 20e6, watermark: 20e6, font: 10e6, bumper: 60e6 };
const TYPES = { logo: "image/png", watermark: "image/png", font: ".ttf,.otf", bumper: "video/mp4" };
const WORDS = { bumper: "clip" };
const AWAY = "The server does not answer. Nothing was uploaded; try again when it is back";

/** Send a file; returns the asset that it became, or null where it was refused. */
async function send(kind, file, button) {
  if (file.size > LIMITS[kind]) {
    say(`${file.name} holds more than ${size(LIMITS[kind])}. Make it smaller.`, "bad");
    return null;
  }
  const made = await attempt(button, () => post(kind, file), `${file.name} is uploaded`);
  if (!made) return null;
  const { sha256, name, size_bytes } = made;
  const url = `/api/brands/assets/${sha256}`;
  return { ref: `blob:${sha256}`, name, kind, bytes: size_bytes, url, family: "" };
}

async function post(kind, file) {
  const path = `/api/brands/assets?kind=${kind}&name=${encodeURIComponent(file.name)}`;
  const headers = { "Content-Type": "application/octet-stream" };
  const answer = await fetch(path, { method: "POST", body: file, headers }).catch(() => {
    throw new Refusal(0, { detail: AWAY });
  });
  return read(answer);
}

/** A button that uploads a file; `done(asset)` is told what it became. */
export function uploadButton(kind, words, done) {
  const chosen = async () => {
    const [file] = input.files;
    input.value = ""; // so that the same file can be chosen again
    const asset = file && (await send(kind, file, button));
    if (asset) done(asset);
  };
  const style = { display: "none" };
  const input = h("input", { type: "file", accept: TYPES[kind], style, onchange: chosen });
  const button = h("button", { type: "button", onclick: () => input.click() }, words);
  return [button, input];
}

/** The choice of a picture or clip among `assets`, by its ref, with a button for another one. */
export function assetField({ kind, assets, ref, set, uploaded }) {
  const known = assets.filter((asset) => asset.kind === kind);
  const now = assets.find((asset) => asset.ref === ref);
  const word = WORDS[kind] ?? kind;
  const choices = [["", `no ${word}`], ...known.map((asset) => [asset.ref, asset.name])];
  const choose = (event) => set(event.target.value || null);
  const tile = now ? shown(now) : h("span.dim.small", {}, "none");
  const took = (asset) => {
    uploaded(asset);
    set(asset.ref);
  };
  return h(
    "div.row",
    {},
    h("span.tile", {}, tile),
    h("select.grow", { "aria-label": `Which ${word}`, onchange: choose }, options(choices, ref)),
    uploadButton(kind, kind === "bumper" ? "Upload an MP4" : "Upload a PNG", took),
  );
}

function shown({ kind, url, name }) {
  if (kind !== "bumper") return h("img", { src: url, alt: name });
  return h("video", { src: url, title: name, muted: true, preload: "metadata", playsinline: true });
}

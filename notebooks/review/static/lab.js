import {
  api,
  ask,
  attempt,
  calmly,
  clock,
  draft,
  empty,
  fill,
  follow,
  fresh,
  h,
  keys,
  root,
  say,
  trouble,
} from "./kit.js";

const KNOBS = {
  energy: "movement, cuts, loud sound",
  talk: "speech and what the brief names",
  beauty: "sharp, well lit, rich pictures",
};

/** Knobs and weights on the left; on the right the moments they choose, beside those of the profile they start from. */
export function render({ model, el }) {
  const place = root(el);
  const knobs = Object.fromEntries(Object.keys(KNOBS).map((name) => [name, 0])),
    weights = {};
  let latest = null,
    built = false;
  const wish = calmly(
    () =>
      ask(model, {
        knobs: Object.fromEntries(Object.entries(knobs).filter(([, value]) => value)),
        weights: { ...weights },
      }),
    60,
  );
  const list = h("div.stack", { style: { gap: "8px" }, "aria-live": "polite" }),
    told = h("span.dim.small.num", { role: "status" }),
    left = h("div");
  const sliders = new Map(),
    panel = h("div.stack"),
    video = h("video", { controls: true, playsinline: true, style: { display: "none", width: "100%" } });
  let stopAt = Infinity;
  video.addEventListener("timeupdate", () => {
    if (video.currentTime >= stopAt) {
      video.pause();
      stopAt = Infinity;
    }
  });
  const page = h(
    "main.page",
    {},
    h("div.row", {}, h("h1", {}, "Scoring lab"), h("span.grow"), told),
    h("div.side", {}, panel, h("div.stack", {}, video, list, left)),
  );

  const slider = (name, words, help, [low, high, step], value, change) => {
    const shown = h("output.num"),
      input = h("input", {
        type: "range",
        min: low,
        max: high,
        step,
        value,
        "aria-label": words,
        oninput: () => {
          change(Number(input.value));
          wish();
        },
      });
    sliders.set(name, { input, shown });
    return h(
      "label",
      { title: help },
      h(
        "span.row",
        { style: { justifyContent: "space-between", fontSize: "14px" } },
        h("span", { style: { color: "var(--text)" } }, words),
        shown,
      ),
      input,
    );
  };

  function build(data) {
    built = true;
    const save = h("button.main", { type: "submit" }, "Save as candidate"),
      name = h("input.grow", {
        placeholder: "Name of the new profile",
        "aria-label": "Name of the new profile",
        required: true,
        pattern: "[A-Za-z0-9][A-Za-z0-9_ \\-]{0,99}",
        value: draft.get("lab.name"),
        oninput: () => draft.set("lab.name", name.value),
      });
    fill(
      panel,
      h(
        "section.panel.stack",
        {},
        h("h2", { style: { margin: 0 } }, "Three knobs"),
        Object.entries(KNOBS).map(([knob, help]) =>
          data.knobs[knob]?.length
            ? slider(knob, knob, help, [-1, 1, 0.05], 0, (value) => {
                knobs[knob] = value;
              })
            : null,
        ),
        h("button", { onclick: reset, style: { justifySelf: "start" } }, "Back to the profile"),
      ),
      h(
        "details.panel",
        {},
        h("summary", {}, "Raw weights"),
        h(
          "div.stack",
          { style: { marginTop: "12px", gap: "10px" } },
          data.signals.map((one) =>
            slider(
              one.name,
              one.measured ? one.label : `${one.label} (not measured here)`,
              one.meaning,
              [0, 0.6, 0.005],
              one.base,
              (value) => {
                weights[one.name] = value;
              },
            ),
          ),
        ),
      ),
      h(
        "form.panel.stack",
        {
          onsubmit: (event) => {
            event.preventDefault();
            keep(save, name.value.trim(), name);
          },
        },
        h("h2", { style: { margin: 0 } }, "Keep these weights"),
        h(
          "p.dim.small",
          {},
          "The gate judges them on the golden dataset, which takes about a minute. A candidate scores nothing in production before it is approved.",
        ),
        h("div.row", {}, name, save),
      ),
    );
  }
  function reset() {
    for (const knob in knobs) knobs[knob] = 0;
    for (const name in weights) delete weights[name];
    for (const one of latest.signals) if (sliders.has(one.name)) sliders.get(one.name).input.value = one.base;
    for (const knob of Object.keys(KNOBS)) if (sliders.has(knob)) sliders.get(knob).input.value = 0;
    wish();
  }

  async function keep(button, name, input) {
    const body = {
      name,
      base: latest.base.name,
      weights: Object.fromEntries(
        latest.signals.filter((one) => one.weight > 0).map((one) => [one.name, one.weight]),
      ),
    };
    const made = await attempt(
      button,
      () => api("POST", "/api/profiles", { body, key: fresh() }),
      "Kept; the gate judges it now",
    );
    if (!made) return;
    button.textContent = "The gate judges…";
    const judged = await attempt(
      button,
      () =>
        api("POST", `/api/profiles/${made.data.hash}/promote`, {
          body: { reason: `chosen in the scoring lab on batch ${latest.batch.slice(0, 8)}`, to: "candidate" },
          patience: 300000,
        }),
      `${name} is a candidate`,
    );
    button.textContent = "Save as candidate";
    if (judged) {
      draft.set("lab.name", "");
      input.value = "";
    }
  }

  // A signal has one colour in all bars; neighbours in weight are far apart on the circle.
  const hue = (name) =>
    `hsl(${(38 + 137.5 * latest.signals.findIndex((one) => one.label === name)) % 360} 65% 60%)`;
  const move = (one, now) =>
    one.was === null
      ? h("span", { style: { color: "var(--good)" }, title: "not chosen by the profile" }, "new")
      : one.was === now
        ? h("span.dim", { title: "same place" }, "=")
        : h(
            "span",
            {
              style: { color: one.was > now ? "var(--good)" : "var(--bad)" },
              title: `place ${one.was} before`,
            },
            one.was > now ? `↑${one.was - now}` : `↓${now - one.was}`,
          );
  const play = (one) => {
    const src = `/api/files/${one.file}/proxy`;
    if (!video.src.endsWith(src)) video.src = src;
    video.style.display = "";
    stopAt = one.end;
    const go = () => {
      video.currentTime = one.start;
      video.play().catch(() => {});
    };
    video.readyState ? go() : video.addEventListener("loadedmetadata", go, { once: true });
  };
  const card = (one, place) =>
    h(
      "article.panel",
      {
        "data-moment": `${one.file}:${one.start}`,
        style: { padding: "10px 14px", display: "grid", gap: "6px", opacity: place ? 1 : 0.55 },
      },
      h(
        "div.row",
        { style: { flexWrap: "nowrap" } },
        h("strong.num", { style: { width: "2ch" } }, place || ""),
        place ? h("span.num", { style: { width: "3ch" } }, move(one, place)) : null,
        h(
          "button.bare.clip",
          { onclick: () => play(one), title: "Play it", style: { fontWeight: 600, padding: "2px 6px" } },
          `▶ ${one.name}`,
        ),
        h("span.dim.num.small", {}, `${clock(one.start)}–${clock(one.end)}`),
        h("span.grow"),
        h("strong.num", {}, one.score.toFixed(3)),
      ),
      h(
        "div",
        {
          title: one.parts.map(([name, added]) => `${name} ${added.toFixed(3)}`).join(", "),
          style: {
            display: "flex",
            height: "6px",
            borderRadius: "3px",
            overflow: "hidden",
            background: "var(--raised)",
          },
        },
        one.parts.map(([name, added]) =>
          h("i", { style: { width: `${100 * added}%`, background: hue(name) } }),
        ),
      ),
      h("div.small.dim", {}, one.reason),
    );

  const stopData = follow(model, "data", (data) => {
    if (data.error) {
      built
        ? say(data.error, "bad")
        : fill(place, h("main.page", {}, h("h1", {}, "Scoring lab"), trouble(data.error)));
      return;
    }
    latest = data;
    if (!built) {
      build(data);
      fill(place, page);
    }
    for (const one of data.signals)
      if (sliders.has(one.name)) {
        const it = sliders.get(one.name);
        it.shown.textContent = `${(100 * one.weight).toFixed(1)} %`;
        it.shown.style.color = Math.abs(one.weight - one.base) > 0.001 ? "var(--accent)" : "";
      }
    for (const knob of Object.keys(KNOBS))
      if (sliders.has(knob))
        sliders.get(knob).shown.textContent = knobs[knob]
          ? (knobs[knob] > 0 ? "+" : "") + knobs[knob].toFixed(2)
          : "0";
    told.textContent = `beside ${data.base.name} · ${clock(data.seconds, 0)} of footage scored in ${Math.round(data.took_ms)} ms`;
    fill(
      list,
      data.moments.length
        ? data.moments.map((one, i) => card(one, i + 1))
        : h("div.panel", {}, empty("No moment passes", data.explanation)),
    );
    fill(
      left,
      data.left.length
        ? [
            h("h2", { style: { margin: "10px 0" } }, "No longer chosen"),
            h(
              "div.stack",
              { style: { gap: "8px" } },
              data.left.map((one) => card(one, 0)),
            ),
          ]
        : null,
    );
  });
  const stopKeys = keys(place, { 0: ["back to the profile", reset] });
  return () => {
    stopData();
    stopKeys();
  };
}

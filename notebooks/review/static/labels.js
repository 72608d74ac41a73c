import { api, ask, attempt, clock, draft, empty, fill, follow, h, keys, root, say, trouble } from "./kit.js";

const MEANS = ["", "leave it out", "weak", "fair", "strong", "show it"];
const COLOURS = ["var(--line)", "#4b5568", "#5a7a9e", "#5aa9ff", "#e0a52e", "var(--accent)"];

/** Rating footage blind: two seconds at a time, 1 to 5, nothing of what the machine thinks. */
export function render({ model, el }) {
  const place = root(el);
  let stop = () => {};
  const stopData = follow(model, "data", (data) => {
    stop();
    stop = () => {};
    if (data.error) {
      fill(place, h("main.page", {}, trouble(data.error)));
      return;
    }
    if (data.chosen) stop = rate(place, model, data.chosen);
    else
      fill(
        place,
        h(
          "main.page",
          {},
          h(
            "div",
            {},
            h("h1", {}, "Labels"),
            h(
              "p.dim",
              {},
              "Rate footage two seconds at a time, without seeing any score. What you say tunes and tests the scoring.",
            ),
          ),
          choose(data.files),
        ),
      );
  });
  function choose(files) {
    return files.length
      ? h(
          "div.panel.stack",
          {},
          files.map((file) =>
            h(
              "div.row",
              {},
              h(
                "button.bare",
                { onclick: () => ask(model, { file: file.id }), style: { fontWeight: 600 } },
                file.name,
              ),
              h("span.dim.num", {}, clock(file.duration)),
              h("span.grow"),
              h(
                "span.dim.small",
                {},
                file.raters
                  ? `${file.raters} ${file.raters === 1 ? "person" : "people"} rated it${file.agreement === null ? "" : `, agreement ${file.agreement.toFixed(2)}`}`
                  : "nobody rated it",
              ),
              h(
                `button${file.mine ? "" : ".main"}`,
                { onclick: () => ask(model, { file: file.id }) },
                file.mine ? "Rate again" : kept(file.id).length ? "Go on" : "Rate",
              ),
            ),
          ),
        )
      : h(
          "div.panel",
          {},
          empty(
            "There is no footage to rate",
            "Footage can be rated once it was analysed.",
            h("a.button.main", { href: "/apps/batches/" }, "Start a run"),
          ),
        );
  }
  return () => {
    stop();
    stopData();
  };
}

const kept = (id) => {
  try {
    return JSON.parse(draft.get(`ratings.${id}`) || "[]");
  } catch {
    return [];
  }
};

function rate(place, model, file) {
  const count = file.windows.length,
    said = Array.from({ length: count }, (_, i) => kept(file.id)[i] ?? 0);
  let at = Math.max(
    0,
    said.findIndex((one) => !one),
  );
  const video = h("video", { src: file.proxy, playsinline: true, preload: "auto" });
  const told = h("div.row"),
    track = h("div", {
      role: "listbox",
      "aria-label": "Windows",
      style: {
        display: "grid",
        gridTemplateColumns: `repeat(${Math.min(count, 60)}, minmax(0, 1fr))`,
        gap: "2px",
      },
    });
  const marks = file.windows.map(([start], i) =>
    h("button", {
      role: "option",
      title: clock(start),
      "aria-label": `Window at ${clock(start)}`,
      style: { minHeight: "22px", padding: 0, borderRadius: "3px" },
      onclick: () => go(i),
    }),
  );
  const send = h("button.main", { onclick: () => save() }, "Save the ratings");
  const buttons = [1, 2, 3, 4, 5].map((n) =>
    h(
      "button",
      {
        onclick: () => give(n),
        style: { flex: 1, justifyContent: "center", flexDirection: "column", gap: 0, minHeight: "56px" },
      },
      h("strong", { style: { fontSize: "20px" } }, String(n)),
      h("span.small.dim", {}, MEANS[n]),
    ),
  );

  function draw() {
    marks.forEach((mark, i) => {
      mark.style.background = COLOURS[said[i]];
      mark.style.borderColor = i === at ? "#fff" : "transparent";
      mark.setAttribute("aria-selected", i === at ? "true" : "false");
    });
    buttons.forEach((button, i) => {
      button.style.borderColor = said[at] === i + 1 ? "var(--accent)" : "";
    });
    const done = said.filter(Boolean).length;
    fill(
      told,
      h("strong.num", {}, `${clock(file.windows[at][0])}–${clock(file.windows[at][1])}`),
      h("span.dim.num.grow", {}, `window ${at + 1} of ${count}, ${done} rated`),
      h("button", { onclick: () => play() }, "Play again"),
      send,
    );
    send.disabled = done < count;
  }
  function play() {
    video.currentTime = file.windows[at][0];
    video.play().catch(() => {});
  }
  function go(i) {
    at = Math.max(0, Math.min(count - 1, i));
    draw();
    play();
  }
  function give(n) {
    said[at] = n;
    draft.set(`ratings.${file.id}`, JSON.stringify(said));
    const next = said.findIndex((one, i) => i > at && !one);
    if (next >= 0) go(next);
    else {
      draw();
      if (!said.includes(0)) say("Every window is rated: save when you are content.");
    }
  }
  async function save() {
    const saved = await attempt(
      send,
      () => api("PUT", `/api/files/${file.id}/ratings`, { body: { ratings: said, again: true } }),
      "Saved. Thank you",
    );
    if (saved) {
      draft.set(`ratings.${file.id}`, "");
      ask(model, { file: null });
    }
  }
  video.addEventListener("timeupdate", () => {
    if (video.currentTime >= file.windows[at][1]) {
      video.pause();
    }
  });
  track.append(...marks);
  fill(
    place,
    h(
      "main.page",
      { style: { maxWidth: "1000px" } },
      h(
        "div.row",
        {},
        h("button.bare", { onclick: () => ask(model, { file: null }) }, "‹ Footage"),
        h("h1.grow.clip", {}, file.name),
      ),
      h(
        "div.stage",
        { style: { aspectRatio: "16 / 9" } },
        h("div", { style: { position: "absolute", inset: 0, display: "grid", placeItems: "center" } }, video),
      ),
      told,
      h("div.row", { style: { flexWrap: "nowrap" } }, buttons),
      track,
      h(
        "p.dim.small",
        {},
        "Keys 1 to 5 rate and go on, arrows move, space plays again, ? shows all keys. What you rated is kept in this browser until you save.",
      ),
    ),
  );
  Object.assign(video.style, {
    position: "absolute",
    inset: 0,
    width: "100%",
    height: "100%",
    maxHeight: "none",
    objectFit: "contain",
  });
  draw();
  return keys(
    place,
    Object.fromEntries([
      ...[1, 2, 3, 4, 5].map((n) => [String(n), [MEANS[n], () => give(n)]]),
      ["ArrowRight", ["next window", () => go(at + 1)]],
      ["ArrowLeft", ["the window before", () => go(at - 1)]],
      [" ", ["play again", () => play()]],
      ["s", ["save", () => (send.disabled ? say("Some windows are not rated yet", "bad") : save())]],
    ]),
  );
}

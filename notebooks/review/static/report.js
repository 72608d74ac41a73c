import { ask, chip, clock, empty, fill, follow, h, keys, live, calmly, root, trouble } from "./kit.js";
import { grid, rowsOf } from "./grid.js";
import { lanes } from "./lanes.js";
import { player } from "./player.js";
import { words } from "./words.js";

/** What was seen in a batch: a file in full, the moments, and what to make of them. */
export function render({ model, el }) {
  const place = root(el);
  place.before(h("link", { rel: "stylesheet", href: "/apps/static/desk.css" }));
  let files = [],
    version = "",
    data = null,
    shown = "",
    told = "",
    chosen = null;

  const title = h("h1.grow.clip", {});
  const state = h("div.row", {});
  const summary = h("p.dim", { style: { margin: 0, maxWidth: "110ch" } });
  const play = player({ label: "The file" });
  const name = h("div.row", { style: { minHeight: "28px" } });
  const said = words({ onseek: (at) => play.seek(at) });
  const talk = h(
    "div.panel.stack",
    { style: { gap: "8px" } },
    h(
      "div.row",
      {},
      h("h2.grow", { style: { margin: 0 } }, "What is said"),
      h("span.small.dim", { "data-told": "" }),
    ),
    said.el,
  );
  const chart = lanes({
    onseek: (at) => play.seek(at),
    onmoment: (one) => open(one),
    onrange: (from, to, columns) => ask(model, { known: version, file: data?.file?.id, from, to, columns }),
  });
  const chartPanel = h("div.panel", {}, chart.el);
  const problem = h("div", {});
  const heroes = h("div.cards", {});
  const side = h("div.stack", {});
  const search = h("input", {
    type: "search",
    placeholder: "Find a file",
    "aria-label": "Find a file",
    oninput: () => list(),
  });
  const count = h("span.small.dim.num", {});
  const table = grid({
    height: "300px",
    onopen: (row) => choose(row.id),
    nothing: () =>
      empty(
        files.length ? "No file is called that" : "No file has arrived yet",
        files.length ? "Clear the search." : "They are listed here as they arrive.",
      ),
    columns: [
      {
        name: "name",
        words: "File",
        width: "minmax(120px, 2fr)",
        value: (row) => row.name.toLowerCase(),
        draw: (row) =>
          h(
            "span",
            { title: row.name, style: { color: row.id === data?.file?.id ? "var(--accent)" : "" } },
            row.name,
          ),
      },
      {
        name: "state",
        words: "Status",
        width: "120px",
        value: (row) => row.state,
        draw: (row) => chip(row.state),
      },
      {
        name: "seconds",
        words: "Length",
        width: "80px",
        right: true,
        small: false,
        value: (row) => row.seconds ?? -1,
        draw: (row) => clock(row.seconds, 0),
      },
      {
        name: "error",
        words: "What is wrong, and what helps",
        width: "minmax(100px, 4fr)",
        small: false,
        value: (row) => row.error ?? "",
        draw: (row) => h("span.small.dim", { title: row.error ?? "" }, row.error ?? ""),
      },
    ],
  });
  const filesPanel = h(
    "div.panel.stack",
    { style: { gap: "8px" } },
    h("div.row", {}, h("h2.grow", { style: { margin: 0 } }, "Files"), count, search),
    table.el,
  );

  const page = h(
    "main.page",
    {},
    h("div.row", {}, title, state),
    summary,
    problem,
    h("div.split", {}, h("div.panel.stack", { style: { gap: "8px" } }, name, play.el), talk),
    chartPanel,
    h(
      "div.thirds",
      {},
      h("div.stack", {}, h("section", {}, h("h2", {}, "Hero moments"), heroes), filesPanel),
      side,
    ),
  );

  play.hear((at) => {
    said.follow(at);
    chart.head(at);
  });

  const choose = (file, more = {}) => ask(model, { known: version, file, from: null, to: null, ...more });
  function open(moment) {
    chosen = moment.number;
    if (data.file?.id === moment.file) {
      play.seek(moment.start);
      play.play();
      mark();
      return;
    }
    choose(moment.file, { moment: moment.number });
  }
  function mark() {
    for (const card of heroes.children)
      card.setAttribute("aria-current", card.dataset.number === String(chosen) ? "true" : "false");
  }
  function list() {
    const wanted = search.value.trim().toLowerCase();
    const found = wanted
      ? files.filter((row) => `${row.name} ${row.state} ${row.error ?? ""}`.toLowerCase().includes(wanted))
      : files;
    count.textContent =
      found.length === files.length ? `${files.length}` : `${found.length} of ${files.length}`;
    table.show(found);
  }

  function show(found) {
    if (found.error) {
      fill(place, h("main.page", {}, trouble(found.error)));
      return;
    }
    if (found.nothing) {
      fill(
        place,
        h(
          "main.page",
          {},
          empty(
            "Nothing has arrived yet",
            "Start a run from the batches, or draw the sample footage:",
            h("code", {}, "uv run editron demo"),
            h("a.button", { href: "/apps/batches/" }, "All batches"),
          ),
        ),
      );
      return;
    }
    const before = data?.file?.id;
    data = found;
    if (found.files) {
      files = rowsOf(found.files);
      version = found.version;
    }
    if (!page.isConnected) fill(place, page);
    const { batch, file } = data;
    fill(title, batch.name);
    fill(
      state,
      chip(batch.state),
      h("span.small.dim.num", {}, `${batch.files - batch.failed} of ${batch.files} files usable`),
      batch.analysed
        ? h("a.button", { href: `/apps/moments/?batch=${encodeURIComponent(batch.id)}` }, "Review the cuts")
        : null,
    );
    fill(
      summary,
      batch.summary ||
        (batch.status === "failed"
          ? (batch.error ?? "Nothing of it could be used.")
          : "It is not analysed yet. This page fills itself as the stages finish."),
    );
    if (file) {
      fill(
        name,
        h("strong.clip", {}, file.name),
        h("span.small.dim.clip", {}, file.told),
        file.state === "failed" ? chip("failed") : null,
      );
      fill(
        problem,
        file.error ? h("div.notice", { role: "alert" }, h("div", {}, `${file.name}: ${file.error}`)) : null,
        ...file.notes.map((line) => h("div.notice.wait", {}, line)),
      );
    }
    const key = file ? `${file.id} ${file.seen}` : "";
    if (key !== shown && file) {
      shown = key;
      if (!file.seen) play.open({ why: file.error ?? file.unseen });
      else
        play.open({
          url: file.proxy ? `/api/files/${file.id}/proxy` : null,
          fps: file.fps,
          length: file.seconds,
          why: file.picture
            ? "The copy for playing is missing. Analyse the file again to make it."
            : "This file has no picture. Its sound was heard all the same.",
        });
    }
    const heard = file ? `${key} ${!!file.transcript}` : "";
    if (heard !== told && file) {
      told = heard;
      talk.querySelector("[data-told]").textContent = file.transcript
        ? `${file.transcript.language} · ${file.transcript.source}${file.transcript.aligned ? "" : " · word times guessed"}`
        : "";
      said.show(file.seen ? file.transcript : null);
    }
    chartPanel.hidden = !file?.seen;
    if (file?.seen)
      chart.show({
        file: file.id,
        signals: file.signals,
        seconds: file.seconds,
        shots: file.shots,
        peaks: file.peaks,
        moments: data.moments.filter((one) => one.file === file.id),
      });
    if (before !== file?.id || !heroes.children.length) {
      fill(
        heroes,
        data.moments.length
          ? data.moments.map(card)
          : empty(
              batch.analysed ? "No moment passed" : "No moments yet",
              batch.analysed ? batch.summary : "They are chosen when all files are analysed.",
            ),
      );
      const wanted = model.get("query").moment,
        moment = wanted ? data.moments.find((one) => one.number === wanted && one.file === file?.id) : null;
      if (moment) {
        chosen = moment.number;
        play.seek(moment.start);
        play.video.addEventListener("loadedmetadata", () => play.seek(moment.start), { once: true });
      }
    }
    mark();
    fill(side, about(batch), file?.seen ? engines(file) : null);
    list();
    if (data.later) ask(model, { full: true });
  }

  const card = (moment) =>
    h(
      "button.card",
      { "data-number": moment.number, onclick: () => open(moment), title: "Play it" },
      h(
        "div.top",
        {},
        h("span.dim.num", {}, `${moment.number}`),
        h("span.score.num", {}, moment.score.toFixed(2)),
        h("span.grow.clip.small.dim", {}, moment.name),
        h("span.small.num", {}, `${clock(moment.start)}–${clock(moment.end)}`),
      ),
      h("div", {}, moment.reason),
      h(
        "div.parts",
        { title: moment.parts.map((part) => `${part.label} +${part.added.toFixed(2)}`).join(", ") },
        moment.parts
          .filter((part) => part.added > 0)
          .map((part) =>
            h("i", {
              style: {
                width: `${(100 * part.added) / Math.max(moment.score, 0.01)}%`,
                background: `hsl(${part.hue} 62% 62%)`,
              },
            }),
          ),
      ),
      h(
        "div.legend.num",
        {},
        moment.parts
          .slice(0, 5)
          .filter((part) => part.added > 0)
          .map((part) =>
            h(
              "span",
              { title: part.meaning },
              h("i", { style: { background: `hsl(${part.hue} 62% 62%)` } }),
              `${part.label} +${part.added.toFixed(2)}`,
            ),
          ),
      ),
    );

  // A button that was clicked gives the keys back: space plays, and does not press it again.
  page.addEventListener("click", (event) => {
    if (event.detail) event.target.closest("button")?.blur();
  });
  page.addEventListener("change", (event) => {
    if (event.target.tagName === "SELECT") event.target.blur();
  });
  const stopData = follow(model, "data", show);
  const again = calmly(() => ask(model, { known: version }), 1200);
  const stopLive = live(
    (event) =>
      (event.kind === "back" ||
        (event.batch_id === data?.batch?.id && /^(batch|file|stage|session)/.test(event.kind))) &&
      again(),
  );
  const next = (by) => {
    if (!data?.moments?.length) return;
    const at = data.moments.findIndex((one) => one.number === chosen);
    open(data.moments[(at + by + data.moments.length) % data.moments.length]);
  };
  const stopKeys = keys(place, {
    " ": ["play or pause", () => play.toggle()],
    j: ["backwards, faster with each press", () => play.shuttle(-1)],
    k: ["stop", () => play.stop()],
    l: ["forwards, faster with each press", () => play.shuttle(1)],
    ArrowLeft: ["a frame back", () => play.step(-1)],
    ArrowRight: ["a frame on", () => play.step(1)],
    n: ["next moment", () => next(1)],
    p: ["moment before", () => next(-1)],
    "+": ["zoom in", () => chart.zoom(0.5)],
    "-": ["zoom out", () => chart.zoom(2)],
    0: ["the whole file", () => data?.file && chart.view(0, data.file.seconds)],
    "/": ["find a file", () => search.focus()],
  });
  return () => {
    stopData();
    stopLive();
    stopKeys();
    chart.stop();
    said.stop();
    play.stop();
  };
}

const about = (batch) =>
  h(
    "div.panel.stack",
    {},
    batch.targets.length
      ? h(
          "section",
          {},
          h("h2", {}, "Worth making"),
          h(
            "ul.facts",
            {},
            batch.targets.map((one) =>
              h(
                "li",
                {},
                h("span", {}, h("strong", {}, one.blueprint), h("span.dim", {}, ` ${one.aspect}`)),
                h("span.small.dim", {}, one.reason),
              ),
            ),
          ),
        )
      : null,
    h(
      "section",
      {},
      h("h2", {}, "What it holds"),
      h(
        "ul.facts",
        {},
        batch.brief ? h("li", {}, h("span.small.dim", {}, "Brief"), batch.brief) : null,
        ...batch.warnings.map((line) => h("li.warn", {}, line)),
        batch.keywords.length
          ? h("li", {}, h("span.small.dim", {}, "Often said"), batch.keywords.join(", "))
          : null,
        ...figures(batch.figures).map(([label, value]) =>
          h("li", {}, h("span.small.dim", {}, label), h("span.num", {}, value)),
        ),
      ),
    ),
  );
const share = (value) => `${Math.round(100 * value)} %`;
const figures = (f) =>
  [
    ["Footage", f.duration_s !== undefined ? clock(f.duration_s, 0) : null],
    ["Shots", f.shots !== undefined ? `${f.shots}, ${f.mean_shot_s?.toFixed(1)} s each` : null],
    ["Speech", f.speech_share !== undefined ? share(f.speech_share) : null],
    ["Faces in view", f.faces_share !== undefined ? share(f.faces_share) : null],
  ].filter(([, value]) => value !== null);
const engines = (file) =>
  h(
    "div.panel",
    {},
    h("h2", {}, "Who looked and listened"),
    h(
      "ul.facts",
      {},
      [...file.engines]
        .sort((a, b) => (a.fallback === null) - (b.fallback === null))
        .map((one) =>
          h(
            `li${one.fallback ? ".warn" : ""}`,
            {},
            h(
              "span",
              {},
              one.role,
              h("span.dim.small", {}, ` · ${one.name} ${one.version === "-" ? "" : one.version}`),
            ),
            one.fallback ? h("span.small.dim", {}, `Stands in: ${one.fallback}`) : null,
          ),
        ),
    ),
  );

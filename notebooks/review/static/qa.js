import {
  ago,
  api,
  ask,
  attempt,
  calmly,
  chip,
  draft,
  empty,
  fill,
  follow,
  fresh,
  h,
  keys,
  live,
  root,
  say,
  trouble,
} from "./kit.js";

const WORDS = { und: "not known", zxx: "no speech", "": "any" };
const word = (name) => WORDS[name] ?? name;
const count = (one) => `${one.readings} reading${one.readings === 1 ? "" : "s"}, ${one.changed} changed`;
const number = (value) =>
  value === null || value === undefined
    ? ""
    : Number.isInteger(value)
      ? String(value)
      : String(Number(value.toPrecision(4)));
const day = (iso) =>
  new Date(`${iso}T00:00`).toLocaleDateString(undefined, { day: "numeric", month: "short" });
const late = (one) => one.due && one.status !== "done" && one.due < new Date().toLocaleDateString("sv");

/** What the harness read and what changed on the left; what people found, and who looks after it, on the right. */
export function render({ model, el }) {
  const place = root(el);
  place.before(h("link", { rel: "stylesheet", href: "/apps/static/desk.css" }));
  let data = null,
    cell = null,
    frame = 0,
    diff = false,
    drawnRun = "",
    filter = { status: "not done", who: "", words: "" };
  const head = h("div.row"),
    told = h("div.row", { style: { gap: "8px" } }),
    map = h("section.panel"),
    changes = h("section.panel"),
    moments = h("section.panel"),
    frames = h("section.panel.stack"),
    found = h("div.stack.sticky");
  const page = h(
    "main.page",
    {},
    h("div.row", {}, h("h1", {}, "QA board"), told, h("span.grow"), head),
    h(
      "div.split",
      {},
      h(
        "div.stack",
        { style: { gap: "18px", gridTemplateColumns: "minmax(0, 1fr)" } },
        map,
        changes,
        frames,
        moments,
      ),
      found,
    ),
  );

  // --- the run ---
  function top() {
    const run = data.run;
    fill(
      head,
      data.runs.length
        ? h(
            "select",
            {
              "aria-label": "Run",
              onchange: (event) => {
                cell = null;
                ask(model, { run: event.target.value });
              },
            },
            data.runs.map((one) =>
              h(
                "option",
                { value: one.id, selected: one.id === run?.id },
                `${new Date(one.at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })} · ${one.blessed ? "blessed" : one.passed ? "as blessed" : `${one.changes} changed`}`,
              ),
            ),
          )
        : null,
    );
    fill(
      told,
      run
        ? [
            chip(
              run.passed ? "passed" : "failed",
              run.blessed ? "blessed" : run.passed ? "as blessed" : "not as blessed",
            ),
            h(
              "span.dim.small.num",
              {},
              `${run.readings} readings, ${run.changed.length} changed · baseline of ${data.baseline} · ${ago(run.at)}`,
            ),
          ]
        : null,
    );
  }
  const inCell = (one) => !cell || (one.locale === cell.locale && one.genre === cell.genre);

  function coverage() {
    const { genres, locales, cells } = data.map,
      at = new Map(cells.map((one) => [`${one.genre}|${one.locale}`, one]));
    const draw = (one) => {
      if (!one || (!one.readings && !Object.keys(one.items).length))
        return h("td", {}, h("span.nothing", { "aria-hidden": "true" }, "·"));
      const golden =
        Object.entries(one.items)
          .map(([whose, count]) => `${count} ${whose}`)
          .join("; ") || "no golden item";
      const here = cell && cell.genre === one.genre && cell.locale === one.locale;
      return h(
        `td${one.locale ? "" : ".sum"}`,
        {},
        h(
          `button.cell${one.changed ? ".off" : ""}${one.readings ? "" : ".bare"}`,
          {
            "aria-pressed": here ? "true" : "false",
            title: `${word(one.genre)}, ${word(one.locale)}: ${count(one)}. Golden items: ${golden}`,
            "aria-label": `${word(one.genre)}, ${word(one.locale)}: ${count(one)}`,
            "data-heat": [2, 4, 10].filter((most) => one.readings >= most).length + 1,
            onclick: () => {
              cell = here ? null : one;
              coverage();
              changed();
              list();
            },
          },
          one.readings,
          one.changed ? h("i", {}, `${one.changed}`) : null,
        ),
      );
    };
    fill(
      map,
      h(
        "div.row",
        { style: { marginBottom: "10px" } },
        h("h2.grow", { style: { margin: 0 } }, "Coverage"),
        cell
          ? h(
              "button.bare",
              {
                onclick: () => {
                  cell = null;
                  coverage();
                  changed();
                  list();
                },
              },
              `Only ${word(cell.genre)}, ${word(cell.locale)} ✕`,
            )
          : h("span.dim.small", {}, "readings by genre and locale; marked where some changed"),
      ),
      h(
        "div",
        { style: { overflowX: "auto" } },
        h(
          "table.heat",
          {},
          h("colgroup", {}, h("col", { style: { width: "92px" } })),
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              h("td"),
              locales.map((one) => h("th", { scope: "col" }, word(one))),
            ),
          ),
          h(
            "tbody",
            {},
            genres.map((genre) =>
              h(
                `tr${genre ? "" : ".sum"}`,
                {},
                h("th", { scope: "row" }, word(genre)),
                locales.map((locale) => draw(at.get(`${genre}|${locale}`))),
              ),
            ),
          ),
        ),
      ),
    );
  }

  const framesOf = (one) =>
    data.run.frames
      .map((each, n) => [each, n])
      .filter(
        ([each]) =>
          each.suite === one.suite &&
          (one.name.startsWith(`${each.case}:`) ||
            (one.name.endsWith(` in ${each.locale}`) && one.locale === each.locale)),
      );
  const subject = (one) => `${one.suite}: ${one.name}`.slice(0, 80);
  const known = (one) =>
    data.findings.find((each) => each.subject === subject(one) && each.status !== "done");
  const moved = (one) =>
    `${one.before === null ? "new" : number(one.before)} → ${one.after === null ? "gone" : number(one.after)}${one.unit ? ` ${one.unit}` : ""}`;

  function changed() {
    const run = data.run;
    if (!run) {
      fill(
        changes,
        empty(
          "The harness has not run here yet",
          h(
            "div",
            {},
            "Hold every reading against the baseline: ",
            h("code", {}, "uv run editron qa regress"),
          ),
          `${data.baseline} readings are blessed. What changes shows here, with the frames that differ.`,
        ),
      );
      return;
    }
    const rows = run.changed.filter(inCell);
    fill(
      changes,
      h(
        "div.row",
        { style: { marginBottom: "6px" } },
        h("h2.grow", { style: { margin: 0 } }, "Changed readings"),
        h(
          "span.dim.num",
          {},
          rows.length === run.changed.length ? rows.length : `${rows.length} of ${run.changed.length}`,
        ),
      ),
      Object.entries(run.failed).map(([suite, why]) =>
        h(
          "div.notice",
          { style: { marginBottom: "6px" } },
          h("div", {}, h("strong", {}, `${suite} failed: `), why),
        ),
      ),
      Object.entries(run.skipped).map(([suite, why]) =>
        h(
          "div.notice.wait",
          { style: { marginBottom: "6px" } },
          h("div", {}, h("strong", {}, `${suite} was skipped: `), why),
        ),
      ),
      rows.length
        ? h(
            "div.readings",
            {},
            rows.map((one) => {
              const mine = known(one),
                shots = framesOf(one);
              return h(
                "div.reading",
                {},
                h(
                  "div",
                  { style: { minWidth: 0 } },
                  h("div.clip", { title: one.name }, h("span.dim", {}, `${one.suite} · `), one.name),
                  h(
                    "div.dim.small.num",
                    {},
                    h("strong", { style: { color: "var(--text)" } }, moved(one)),
                    ` · tolerance ${number(one.tolerance)}`,
                    one.locale || one.genre
                      ? ` · ${[one.locale, one.genre].filter(Boolean).map(word).join(", ")}`
                      : "",
                  ),
                ),
                shots.length
                  ? h(
                      "button.bare",
                      {
                        onclick: () => {
                          frame = shots[0][1];
                          pictures();
                          frames.scrollIntoView({ behavior: "smooth", block: "nearest" });
                        },
                      },
                      "See",
                    )
                  : null,
                mine
                  ? h("button.bare", { onclick: () => open(mine.id) }, "Finding ›")
                  : h("button", { onclick: (event) => report(event.currentTarget, one, shots) }, "Report"),
              );
            }),
          )
        : h(
            "p.dim",
            { style: { margin: 0 } },
            run.changed.length ? "Nothing changed in this cell." : "Every reading is as it was blessed.",
          ),
    );
  }
  async function report(button, one, shots) {
    const body = {
      title: `${one.suite}: ${one.name}, ${moved(one)}`.slice(0, 200),
      text: `Blessed ${one.before === null ? "not at all" : number(one.before)}, now ${one.after === null ? "gone" : number(one.after)}${one.unit ? ` ${one.unit}` : ""}; ${number(one.tolerance)} is tolerated.`,
      locale: one.locale,
      genre: one.genre,
      subject: subject(one),
      qa_run_id: data.run.id,
      overlays: shots
        .slice(0, 5)
        .map(([each]) => ({ label: `${each.case}, ${each.locale}`, url: each.diff })),
    };
    const made = await attempt(
      button,
      () => api("POST", "/api/findings", { body, key: fresh() }),
      "Reported",
    );
    if (made) open(made.data.id);
  }

  // --- frames that differ ---
  const slider = compare();
  function pictures() {
    const all = data.run?.frames ?? [];
    frames.hidden = !all.length;
    frames.style.display = all.length ? "" : "none";
    if (!all.length) return;
    frame = Math.max(0, Math.min(frame, all.length - 1));
    const one = all[frame];
    slider.show(one, diff);
    fill(
      frames,
      h(
        "div.row",
        {},
        h("h2.grow", { style: { margin: 0 } }, "Golden frames that differ"),
        h(
          "div.tabs",
          {},
          [
            [false, "Slider"],
            [true, "Difference"],
          ].map(([value, words]) =>
            h(
              "button",
              {
                "aria-pressed": diff === value ? "true" : "false",
                onclick: () => {
                  diff = value;
                  pictures();
                },
              },
              words,
            ),
          ),
        ),
      ),
      h(
        "div.row",
        { style: { gap: "4px", maxHeight: "92px", overflow: "auto" } },
        all.map((each, n) =>
          h(
            "button.chip.plain",
            {
              "aria-pressed": n === frame ? "true" : "false",
              style: { borderColor: n === frame ? "var(--accent)" : "" },
              onclick: () => {
                frame = n;
                pictures();
              },
            },
            `${each.case} ${each.locale}`,
          ),
        ),
      ),
      slider.el,
      h(
        "div.row.small.num",
        {},
        h("strong", {}, `${one.case}, ${one.locale}`),
        h("span", {}, `SSIM ${one.ssim.toFixed(4)}`),
        h("span", {}, `VMAF ${one.vmaf.toFixed(1)}`),
        h("span", {}, `${(100 * one.share).toFixed(2)} % of its pixels off`),
        h("span.dim", {}, `${one.differing} of ${one.frames} frames of this case differ`),
        h("span.grow"),
        h("a.button.bare", { href: one.diff, target: "_blank" }, "Open the difference"),
      ),
    );
  }
  function changedMoments() {
    const all = data.run?.moments ?? [];
    moments.hidden = !all.length;
    moments.style.display = all.length ? "" : "none";
    fill(
      moments,
      h("h2", {}, "Moments that changed"),
      all.map((one) =>
        h(
          "div",
          { style: { marginBottom: "10px" } },
          h("strong", {}, one.item),
          h(
            "div.difflines",
            {},
            one.lines.map((line) =>
              h(`div${line.startsWith("+") ? ".plus" : line.startsWith("-") ? ".minus" : ""}`, {}, line),
            ),
          ),
        ),
      ),
    );
  }

  // --- findings ---
  const search = h("input", {
    type: "search",
    placeholder: "Words",
    "aria-label": "Search findings",
    style: { width: "120px", flex: "1 1 120px" },
    oninput: () => {
      filter.words = search.value;
      rows();
    },
  });
  const body = h("div.readings"),
    filters = h("div.row", { style: { gap: "8px" } });
  const listing = h(
    "section.panel.stack",
    { style: { gap: "10px" }, "aria-label": "Findings" },
    h(
      "div.row",
      {},
      h("h2.grow", { style: { margin: 0 } }, "Findings"),
      h("button", { onclick: () => form.open(), title: "N" }, "New finding"),
    ),
    filters,
    body,
  );
  const open = (id) => ask(model, { finding: id });
  const form = creating(
    () => data,
    (id) => open(id),
  );

  function list() {
    const pick = (label, options, name) =>
      h(
        "select",
        {
          "aria-label": label,
          style: { flex: "1 1 110px" },
          onchange: (event) => {
            filter[name] = event.target.value;
            rows();
          },
        },
        options.map(([value, shown]) => h("option", { value, selected: filter[name] === value }, shown)),
      );
    if (!filters.contains(place.getRootNode().activeElement))
      fill(
        filters,
        pick(
          "Status",
          [
            ["not done", "not done"],
            ["", "every status"],
            ...data.statuses.map((one) => [one, one.replaceAll("_", " ")]),
          ],
          "status",
        ),
        pick(
          "Assignee",
          [["", "everybody"], ["nobody", "nobody"], ...data.members.map((one) => [one.id, one.name])],
          "who",
        ),
        search,
      );
    rows();
  }
  function rows() {
    const words = filter.words.trim().toLowerCase();
    const shown = data.findings.filter(
      (one) =>
        (!filter.status ||
          (filter.status === "not done" ? one.status !== "done" : one.status === filter.status)) &&
        (!filter.who || (filter.who === "nobody" ? !one.assignee : one.assignee === filter.who)) &&
        inCell(one) &&
        (!words || `${one.title} ${one.text} ${one.subject}`.toLowerCase().includes(words)),
    );
    fill(
      body,
      shown.length
        ? shown.map((one) =>
            h(
              "button.finding",
              { "data-finding": one.id, onclick: () => open(one.id) },
              h(
                "span.row",
                { style: { flexWrap: "nowrap" } },
                h("strong.grow.clip", {}, one.title),
                chip(one.status),
              ),
              h(
                "span.row.small.dim",
                { style: { gap: "6px 14px" } },
                h("span", {}, one.assignee_name || "nobody"),
                one.due
                  ? h(
                      "span",
                      { style: { color: late(one) ? "var(--bad)" : "" } },
                      `${late(one) ? "was due" : "due"} ${day(one.due)}`,
                    )
                  : null,
                one.locale || one.genre
                  ? h("span", {}, [one.locale, one.genre].filter(Boolean).map(word).join(", "))
                  : null,
                h("span.grow"),
                h("span", {}, ago(one.updated)),
              ),
            ),
          )
        : empty(
            data.findings.length ? "No finding looks like that" : "Nothing was found yet",
            data.findings.length
              ? "Choose another status or assignee, or clear the search."
              : "Report a changed reading with one click, or write down what you saw.",
          ),
    );
  }

  const detail = sheet(
    () => data,
    () => ask(model, { finding: null }),
    () => ask(model),
  );
  const stopData = follow(model, "data", (given) => {
    if (given.error) {
      data
        ? say(given.error, "bad")
        : fill(place, h("main.page", {}, h("h1", {}, "QA board"), trouble(given.error)));
      return;
    }
    data = given;
    if ((data.run?.id ?? "") !== drawnRun) {
      drawnRun = data.run?.id ?? "";
      frame = 0;
    }
    if (!page.isConnected) fill(place, page, form.el);
    top();
    coverage();
    changed();
    pictures();
    changedMoments();
    found.classList.toggle("first", !!data.chosen);
    if (data.chosen) {
      detail.show(data.chosen);
      if (!detail.el.isConnected) {
        fill(found, detail.el);
        if (matchMedia("(max-width: 1000px)").matches) page.scrollIntoView();
      }
    } else {
      list();
      if (!listing.isConnected) fill(found, listing);
    }
  });
  const again = calmly(() => ask(model), 500);
  const stopLive = live((event) => /^(finding|qa|member|back)/.test(event.kind) && again());
  const step = (by) => {
    if (data?.run?.frames.length) {
      frame = (frame + by + data.run.frames.length) % data.run.frames.length;
      pictures();
    }
  };
  const stopKeys = keys(place, {
    n: ["a new finding", () => form.open()],
    "/": ["search findings", () => search.focus()],
    j: ["the next frame that differs", () => step(1)],
    k: ["the frame before", () => step(-1)],
    d: [
      "slider or difference",
      () => {
        diff = !diff;
        pictures();
      },
    ],
    Escape: ["back to all findings", () => ask(model, { finding: null })],
  });
  return () => {
    stopData();
    stopLive();
    stopKeys();
  };
}

/** Two frames over each other, with an edge between them that is dragged, or moved with the arrow keys. */
function compare() {
  const before = h("img", { alt: "As it was blessed", draggable: "false" }),
    after = h("img.after", { alt: "As it is now", draggable: "false" }),
    both = h("img", { alt: "Before, after, and their difference", draggable: "false" });
  const edge = h("input", {
    type: "range",
    min: 0,
    max: 100,
    step: 0.5,
    value: 50,
    "aria-label": "How much of the frame is shown as it was",
    oninput: () => turn(),
  });
  const el = h("div.compare"),
    sides = h(
      "div.sides",
      {},
      before,
      after,
      h("span.tag.left", {}, "blessed"),
      h("span.tag.right", {}, "now"),
      h("i.edge"),
      edge,
    );
  const turn = () => sides.style.setProperty("--edge", `${edge.value}%`);
  before.addEventListener("load", () => {
    sides.style.width = `min(100%, calc(56vh * ${before.naturalWidth / before.naturalHeight}))`;
  });
  turn();
  return {
    el,
    show(one, diff) {
      if (diff) {
        if (!both.src.endsWith(one.diff)) both.src = one.diff;
        fill(el, both);
        return;
      }
      for (const [image, src] of [
        [before, one.before],
        [after, one.after],
      ])
        if (!image.src.endsWith(src)) image.src = src;
      fill(el, sides);
    },
  };
}

/** One finding: what it says, who has it, and what was said about it. What somebody types outlives every change. */
function sheet(dataOf, leave, again) {
  let one = null,
    base = null;
  const title = h("input.grow", {
      "aria-label": "Title",
      maxlength: 200,
      style: { fontWeight: 600, fontSize: "17px" },
      oninput: () => typed(),
    }),
    text = h("textarea", {
      rows: 4,
      "aria-label": "What was seen",
      maxlength: 4000,
      placeholder: "What was seen, and what it should be",
      oninput: () => typed(),
    });
  const status = h("select", { onchange: () => set({ status: status.value }, status) }),
    assignee = h("select", { onchange: () => set({ assignee_id: assignee.value || null }, assignee) }),
    due = h("input", { type: "date", onchange: () => set({ due_on: due.value || null }, due) });
  const save = h("button.main", { onclick: () => keep() }, "Save"),
    meanwhile = h("div.meanwhile"),
    about = h("div.small.dim"),
    overlays = h("div.row", { style: { gap: "8px" } }),
    said = h("div.stack", { style: { gap: "10px" } });
  const comment = h("textarea", {
      rows: 2,
      maxlength: 4000,
      placeholder: "Say something",
      "aria-label": "Comment",
      oninput: () => draft.set(`finding.${one.id}.comment`, comment.value),
    }),
    send = h("button", {}, "Comment");
  const link = h("input.grow", { placeholder: "/api/… or https://…", "aria-label": "Address of an overlay" }),
    label = h("input", {
      placeholder: "what it shows",
      "aria-label": "What the overlay shows",
      style: { width: "130px" },
    });
  const rest = h(
    "div.stack",
    {},
    h(
      "div.fields",
      {},
      h("label", {}, "Status", status),
      h("label", {}, "Assignee", assignee),
      h("label", {}, "Due", due),
    ),
    text,
    meanwhile,
    h("div.row", {}, save, about),
    h(
      "div.stack",
      { style: { gap: "8px" } },
      overlays,
      h(
        "details.small",
        {},
        h("summary.dim", {}, "Link an overlay"),
        h(
          "form.row",
          {
            style: { marginTop: "8px" },
            onsubmit: (event) => {
              event.preventDefault();
              addOverlay();
            },
          },
          link,
          label,
          h("button", {}, "Link"),
        ),
      ),
    ),
    h("h2", { style: { margin: 0 } }, "Comments"),
    said,
    h(
      "form.stack",
      {
        style: { gap: "8px" },
        onsubmit: (event) => {
          event.preventDefault();
          talk();
        },
      },
      comment,
      h("div.row", {}, send),
    ),
  );
  const gone = h("div");
  const el = h(
    "section.panel.stack",
    { "aria-label": "Finding" },
    h(
      "div.row",
      { style: { flexWrap: "nowrap" } },
      h("button.bare", { onclick: leave, "aria-label": "All findings" }, "‹ All"),
      title,
    ),
    gone,
    rest,
  );
  const path = () => `/api/findings/${one.id}`;
  const dirty = () => title.value !== one.title || text.value !== one.text;

  function typed() {
    if (!base) base = one.version;
    draft.set(
      `finding.${one.id}`,
      dirty() ? JSON.stringify({ title: title.value, text: text.value, base }) : "",
    );
    if (!dirty()) base = null;
    save.style.display = dirty() ? "" : "none";
  }
  // One after the other: each edit names the version that the one before it made.
  let turn = Promise.resolve();
  const inTurn = (what) => {
    turn = turn.then(what, what);
    return turn;
  };
  const mine = ({ data }) => {
    if (one.id !== data.id) return;
    if (base === one.version) base = data.version;
    one = {
      ...one,
      title: data.title,
      text: data.text,
      status: data.status,
      assignee: data.assignee_id,
      due: data.due_on ?? "",
      overlays: data.overlays,
      version: data.version,
      updated: data.updated_at,
    };
  };
  const set = (changes, button) =>
    inTurn(async () => {
      const done = await attempt(
        button,
        () => api("PATCH", path(), { body: changes, etag: `"${one.version}"` }),
        "Changed",
      );
      if (done) mine(done);
      again();
    });
  async function keep() {
    const id = one.id;
    const done = await attempt(
      save,
      () =>
        api("PATCH", path(), {
          body: { title: title.value, text: text.value },
          etag: `"${base ?? one.version}"`,
        }),
      "Saved",
    );
    if (done) {
      mine(done);
      draft.set(`finding.${id}`, "");
      base = null;
      save.style.display = "none";
    }
    again();
  }
  async function addOverlay() {
    const wanted = [...one.overlays, { label: label.value.trim() || "overlay", url: link.value.trim() }];
    const done = await attempt(
      null,
      () => api("PATCH", path(), { body: { overlays: wanted }, etag: `"${one.version}"` }),
      "Linked",
    );
    if (done) {
      mine(done);
      link.value = label.value = "";
    }
    again();
  }
  async function talk() {
    if (!comment.value.trim()) return;
    const id = one.id;
    if (
      await attempt(send, () =>
        api("POST", `${path()}/comments`, { body: { text: comment.value.trim() }, key: fresh() }),
      )
    ) {
      draft.set(`finding.${id}.comment`, "");
      comment.value = "";
      again();
    }
  }
  /** Only of this server, or of another one in its own tab and without a word of where it came from. */
  const overlay = (each) =>
    each.url.startsWith("/")
      ? h("a.button", { href: each.url, target: "_blank" }, each.label)
      : outside(each);
  const outside = (each) => {
    const made = h(
      "a.button",
      { target: "_blank", rel: "noopener noreferrer", title: each.url },
      `${each.label} ↗`,
    );
    if (/^https?:\/\//.test(each.url)) made.setAttribute("href", each.url);
    return made;
  };

  function show(found) {
    const data = dataOf(),
      other = one?.id !== found.id,
      untouched = one && !other && !dirty();
    gone.replaceChildren();
    rest.style.display = "";
    title.style.display = "";
    if (found.gone) {
      one = found;
      rest.style.display = title.style.display = "none";
      gone.append(
        h("p", {}, "Somebody removed this finding."),
        h("button", { onclick: leave }, "All findings"),
      );
      return;
    }
    const before = one;
    // What was asked for before our own edit may arrive after it.
    const older = before && !other && Date.parse(found.updated) < Date.parse(before.updated);
    one = older ? { ...before, comments: found.comments } : found;
    if (other || !before) {
      let mine = null;
      try {
        mine = JSON.parse(draft.get(`finding.${one.id}`) || "null");
      } catch {
        /* nothing was kept */
      }
      title.value = mine?.title ?? one.title;
      text.value = mine?.text ?? one.text;
      base = mine?.base ?? null;
      comment.value = draft.get(`finding.${one.id}.comment`);
    } else if (untouched) {
      title.value = one.title;
      text.value = one.text;
    }
    save.style.display = dirty() ? "" : "none";
    const clash = base && base !== one.version && dirty();
    fill(
      meanwhile,
      clash
        ? h(
            "div.notice.wait",
            { role: "alert" },
            h(
              "div.grow",
              {},
              "It was changed meanwhile and now reads: ",
              h("strong", {}, one.title),
              one.text ? ` ${one.text}` : "",
            ),
            h(
              "button",
              {
                onclick: () => {
                  base = one.version;
                  typed();
                  show(one);
                },
              },
              "Keep mine",
            ),
            h(
              "button",
              {
                onclick: () => {
                  title.value = one.title;
                  text.value = one.text;
                  typed();
                  show(one);
                },
              },
              "Take theirs",
            ),
          )
        : null,
    );
    fill(
      status,
      data.statuses.map((each) =>
        h("option", { value: each, selected: each === one.status }, each.replaceAll("_", " ")),
      ),
    );
    const members =
      data.members.some((each) => each.id === one.assignee) || !one.assignee
        ? data.members
        : [...data.members, { id: one.assignee, name: `${one.assignee_name} (left)` }];
    fill(
      assignee,
      h("option", { value: "" }, "nobody"),
      members.map((each) => h("option", { value: each.id, selected: each.id === one.assignee }, each.name)),
    );
    due.value = one.due;
    fill(
      about,
      [
        `${one.author}`,
        one.subject,
        [one.locale, one.genre].filter(Boolean).map(word).join(", "),
        `changed ${ago(one.updated)}`,
      ]
        .filter(Boolean)
        .join(" · "),
      one.batch ? [" · ", h("a", { href: `/apps/report/?batch=${one.batch}` }, "batch")] : null,
    );
    fill(
      overlays,
      one.overlays.map((each) => overlay(each)),
    );
    fill(
      said,
      one.comments.length
        ? one.comments.map((each) =>
            h(
              "div.said-by",
              {},
              h("div.small.dim", {}, `${each.author} · ${ago(each.at)}`),
              h("div", { style: { whiteSpace: "pre-wrap", overflowWrap: "anywhere" } }, each.text),
            ),
          )
        : h("div.dim.small", {}, "Nobody said anything yet."),
    );
  }
  return { el, show };
}

/** The sheet by which a finding is written down. What was typed is kept until it is. */
function creating(dataOf, done) {
  const kept = (name, made) => {
    made.value = draft.get(`finding.new.${name}`);
    made.addEventListener("input", () => draft.set(`finding.new.${name}`, made.value));
    return made;
  };
  const title = kept("title", h("input", { required: true, maxlength: 200, placeholder: "In one line" })),
    text = kept("text", h("textarea", { rows: 4, maxlength: 4000 })),
    locale = kept("locale", h("input", { maxlength: 80, placeholder: "de" })),
    genre = kept("genre", h("input", { maxlength: 80, placeholder: "sport" }));
  const assignee = h("select"),
    due = h("input", { type: "date" }),
    button = h("button.main", {}, "Report");
  const el = h(
    "dialog",
    { "aria-label": "New finding" },
    h(
      "form.stack",
      {
        onsubmit: async (event) => {
          event.preventDefault();
          const body = {
            title: title.value.trim(),
            text: text.value.trim(),
            locale: locale.value.trim(),
            genre: genre.value.trim(),
            assignee_id: assignee.value || null,
            due_on: due.value || null,
            qa_run_id: dataOf().run?.id ?? null,
          };
          const made = await attempt(
            button,
            () => api("POST", "/api/findings", { body, key: fresh() }),
            "Reported",
          );
          if (made) {
            for (const one of [title, text, locale, genre]) {
              one.value = "";
              one.dispatchEvent(new Event("input"));
            }
            el.close();
            done(made.data.id);
          }
        },
      },
      h("h2", { style: { margin: 0 } }, "New finding"),
      h("label", {}, "What is not as it should be", title),
      h("label", {}, "More about it", text),
      h(
        "div.fields",
        {},
        h("label", {}, "Locale", locale),
        h("label", {}, "Genre", genre),
        h("label", {}, "Assignee", assignee),
        h("label", {}, "Due", due),
      ),
      h("div.row", {}, button, h("button.bare", { type: "button", onclick: () => el.close() }, "Not now")),
    ),
  );
  return {
    el,
    open: () => {
      fill(
        assignee,
        h("option", { value: "" }, "nobody"),
        dataOf().members.map((one) => h("option", { value: one.id }, one.name)),
      );
      el.showModal();
      title.focus();
    },
  };
}

import {
  ago,
  api,
  ask,
  attempt,
  calmly,
  draft,
  empty,
  fill,
  follow,
  fresh,
  h,
  keys,
  live,
  Refusal,
  root,
  say,
  size,
  trouble,
} from "./kit.js";

const COLOURS = {
  primary: ["Accent", "karaoke highlight and the bar of slates"],
  text: ["Text", "captions, slates and a written watermark"],
  outline: ["Outline", "around captions"],
  background: ["Background", "of slates"],
};
const PLACES = ["top-left", "top-right", "bottom-left", "bottom-right"];
const LIMITS = { logo: 20e6, watermark: 20e6, font: 10e6 };

/** Kits with their versions on the left, one to edit in the middle, and how the export draws it on the right. */
export function render({ model, el }) {
  const place = root(el);
  let data = null,
    kit = null,
    owner = "",
    opened = null,
    before = "",
    drawing = 0,
    picture = null,
    timer = null;
  let look = { part: "cut", aspect: "16:9", preset: "bold" };
  const list = h("div.stack", { style: { gap: "10px" } }),
    editor = h("div.stack"),
    projects = h("section.panel.stack", { style: { gap: "10px" } });
  const image = h("img", { alt: "How the export draws it" }),
    wait = h("div.over", {}),
    seen = h("div.stage.shot", {}, image, wait),
    looks = h("div.row", { style: { gap: "6px" } });
  const save = h("button.main", { onclick: () => keep(), title: "W" }, "Save"),
    state = h("span.small.dim", { role: "status" });
  const back = h(
    "button.bare",
    {
      onclick: () => {
        draft.set(draftName(), "");
        load(true);
      },
    },
    "Back to what is saved",
  );
  const page = h(
    "main.page",
    {},
    h(
      "div.row",
      {},
      h("h1.grow", {}, "Brand kits"),
      state,
      back,
      save,
      h("button", { onclick: () => start(), title: "N" }, "New kit"),
    ),
    h(
      "div.kits",
      {},
      h("div.stack", {}, list, projects),
      editor,
      h(
        "section.panel.stack.sticky",
        { "aria-label": "Preview" },
        looks,
        seen,
        h(
          "p.dim.small",
          { style: { margin: 0 } },
          "Drawn by the graph that renders exports, on drawn footage.",
        ),
      ),
    ),
  );

  const copy = (one) => JSON.parse(JSON.stringify(one));
  const draftName = () => `brand.${opened ?? "new"}`;
  const asSent = () => {
    const { version, ...fields } = kit;
    const fonts = data.assets
      .filter((one) => one.kind === "font" && [kit.caption_font, kit.title_font].includes(one.family))
      .map((one) => one.ref);
    return {
      ...fields,
      fonts,
      watermark:
        kit.watermark && (kit.watermark.image || kit.watermark.text?.trim())
          ? { ...kit.watermark, text: kit.watermark.text?.trim() || null }
          : null,
    };
  };
  const dirty = () => JSON.stringify([kit, owner]) !== before;

  function load(anew = false) {
    opened = data.version?.id ?? null;
    const saved = data.version ? copy(data.version.kit) : { ...copy(data.plain), name: "" };
    owner = data.version?.project ?? "";
    before = JSON.stringify([saved, owner]);
    kit = saved;
    const typed = anew ? "" : draft.get(draftName());
    if (typed) {
      try {
        [kit, owner] = JSON.parse(typed);
      } catch {
        draft.set(draftName(), "");
      }
    }
    build();
    told();
    redraw();
  }
  function start() {
    const typed = draft.get("brand.new");
    opened = null;
    owner = "";
    kit = { ...copy(data.plain), name: "" };
    before = JSON.stringify([kit, owner]);
    if (typed) {
      try {
        [kit, owner] = JSON.parse(typed);
      } catch {
        /* nothing was kept */
      }
    }
    build();
    told();
    kits();
    redraw();
    editor.querySelector("input")?.focus();
  }
  function changed(again = true) {
    draft.set(draftName(), dirty() ? JSON.stringify([kit, owner]) : "");
    told();
    if (again) redraw();
  }
  function told() {
    const mine = data.kits.find((one) => one.name === kit.name && (one.project ?? "") === owner);
    save.textContent = `Save as version ${1 + (mine?.versions[0].version ?? 0)}`;
    save.disabled = !kit.name.trim() || !dirty();
    back.hidden = !dirty();
    back.style.display = dirty() ? "" : "none";
    state.textContent = dirty() ? "Not saved; kept in this browser" : opened ? `Version ${kit.version}` : "";
  }

  async function keep() {
    if (save.disabled) return;
    const name = draftName();
    const made = await attempt(save, () =>
      api("POST", "/api/brands", { body: { ...asSent(), project_id: owner || null }, key: fresh() }),
    );
    told();
    if (!made) return;
    say(
      `${made.data.name}, version ${made.data.version}, is kept. Choose it for a project to let exports inherit it.`,
    );
    draft.set(name, "");
    before = ""; // whatever comes is loaded
    opened = undefined;
    ask(model, { version: made.data.id });
  }

  async function send(kind, file, button) {
    if (file.size > LIMITS[kind]) {
      say(`${file.name} holds more than ${size(LIMITS[kind])}. Make it smaller.`, "bad");
      return null;
    }
    const made = await attempt(
      button,
      async () => {
        let answer;
        try {
          answer = await fetch(`/api/brands/assets?kind=${kind}&name=${encodeURIComponent(file.name)}`, {
            method: "POST",
            body: file,
            headers: { "Content-Type": "application/octet-stream" },
          });
        } catch {
          throw new Refusal(0, {
            detail: "The server does not answer. Nothing was uploaded; try again when it is back",
          });
        }
        const found = await answer.json();
        if (!answer.ok) throw new Refusal(answer.status, found);
        return found;
      },
      `${file.name} is uploaded`,
    );
    if (!made) return null;
    const one = {
      ref: `blob:${made.sha256}`,
      name: made.name,
      kind,
      bytes: made.size_bytes,
      url: `/api/brands/assets/${made.sha256}`,
      family: "",
    };
    if (!data.assets.some((each) => each.ref === one.ref)) data.assets.unshift(one);
    return one;
  }

  // --- the form ---
  const field = (words, ...inner) => h("label", {}, words, ...inner);
  const text = (words, get, set, props = {}) => {
    const made = h("input", {
      value: get() ?? "",
      oninput: () => {
        set(made.value);
        changed();
      },
      ...props,
    });
    return field(words, made);
  };
  const choose = (words, options, get, set) => {
    const made = h(
      "select",
      {
        onchange: () => {
          set(made.value);
          changed();
        },
      },
      options.map(([value, shown]) => h("option", { value, selected: value === get() }, shown)),
    );
    return field(words, made);
  };
  const slide = (words, [low, high, step], show, get, set) => {
    const out = h("output.num", {}, show(get())),
      made = h("input", {
        type: "range",
        min: low,
        max: high,
        step,
        value: get(),
        oninput: () => {
          set(Number(made.value));
          out.textContent = show(get());
          changed();
        },
      });
    return field(h("span.row", { style: { justifyContent: "space-between" } }, words, out), made);
  };
  const panel = (title, ...inner) =>
    h("section.panel.stack", { style: { gap: "12px" } }, h("h2", { style: { margin: 0 } }, title), ...inner);

  function upload(kind, words, done) {
    const input = h("input", {
      type: "file",
      accept: kind === "font" ? ".ttf,.otf" : "image/png",
      style: { display: "none" },
      onchange: async () => {
        const file = input.files[0];
        input.value = "";
        const made = file && (await send(kind, file, button));
        if (made) done(made);
      },
    });
    const button = h("button", { type: "button", onclick: () => input.click() }, words);
    return [button, input];
  }
  function pictureField(kind, get, set) {
    const known = data.assets.filter((one) => one.kind === kind);
    const now = data.assets.find((one) => one.ref === get());
    return h(
      "div.row",
      {},
      h("span.tile", {}, now ? h("img", { src: now.url, alt: now.name }) : h("span.dim.small", {}, "none")),
      h(
        "select.grow",
        {
          "aria-label": `Which ${kind}`,
          onchange: (event) => {
            set(event.target.value || null);
            changed();
            build();
          },
        },
        h("option", { value: "" }, `no ${kind}`),
        known.map((one) => h("option", { value: one.ref, selected: one.ref === get() }, one.name)),
      ),
      upload(kind, "Upload a PNG", (made) => {
        set(made.ref);
        changed();
        build();
      }),
    );
  }
  function slate(name) {
    const on = kit[name];
    return h(
      "div.stack",
      { style: { gap: "10px" } },
      h(
        "label.check",
        {},
        h("input", {
          type: "checkbox",
          checked: !!on,
          onchange: (event) => {
            kit[name] = event.target.checked
              ? { title: kit.name || "Title", subtitle: "", seconds: 1.5 }
              : null;
            look.part = kit[name] ? name : "cut";
            changed();
            build();
          },
        }),
        name === "intro" ? "Intro: a card before the cut" : "Outro: a card after the cut",
      ),
      on
        ? h(
            "div.fields",
            {},
            text(
              "Title",
              () => on.title,
              (value) => {
                on.title = value;
                look.part = name;
              },
              { maxlength: 120 },
            ),
            text(
              "Subtitle",
              () => on.subtitle,
              (value) => {
                on.subtitle = value;
                look.part = name;
              },
              { maxlength: 200 },
            ),
            slide(
              "Length",
              [0.5, 10, 0.1],
              (s) => `${s.toFixed(1)} s`,
              () => on.seconds,
              (value) => {
                on.seconds = value;
              },
            ),
          )
        : null,
    );
  }
  function build() {
    const families = [...new Set([...data.families, ...data.assets.map((one) => one.family).filter(Boolean)])]
      .sort()
      .map((one) => [one, one]);
    const mark = () =>
      kit.watermark ??
      (kit.watermark = { image: null, text: null, place: "top-right", opacity: 0.6, width: 0.14 });
    const shown = kit.watermark ?? { image: null, text: null, place: "top-right", opacity: 0.6, width: 0.14 };
    fill(
      editor,
      panel(
        opened ? `${kit.name || "Kit"}` : "A new kit",
        h(
          "div.fields",
          {},
          text(
            "Name",
            () => kit.name,
            (value) => {
              kit.name = value;
            },
            { maxlength: 200, placeholder: "acme" },
          ),
          choose(
            "For",
            [["", "every project"], ...data.projects.map((one) => [one.id, one.name])],
            () => owner,
            (value) => {
              owner = value;
            },
          ),
        ),
      ),
      panel(
        "Colours",
        h(
          "div.fields",
          {},
          Object.entries(COLOURS).map(([name, [words, help]]) => {
            const shownAs = h("code", {}, kit.colours[name]);
            const made = h("input", {
              type: "color",
              value: kit.colours[name],
              "aria-label": words,
              oninput: () => {
                kit.colours[name] = made.value;
                shownAs.textContent = made.value;
                changed();
              },
            });
            return h(
              "label",
              { title: help },
              words,
              h("span.row", { style: { flexWrap: "nowrap" } }, made, shownAs),
            );
          }),
        ),
      ),
      panel(
        "Fonts",
        h(
          "div.fields",
          {},
          choose(
            "Captions",
            families,
            () => kit.caption_font,
            (value) => {
              kit.caption_font = value;
            },
          ),
          choose(
            "Slates and watermark",
            families,
            () => kit.title_font,
            (value) => {
              kit.title_font = value;
            },
          ),
        ),
        h(
          "div.row",
          {},
          upload("font", "Upload a font", () => ask(model)),
          h("span.dim.small", {}, "TrueType or OpenType, up to 10 MB"),
        ),
      ),
      panel(
        "Logo",
        h("p.dim.small", { style: { margin: 0 } }, "Shown on the slates."),
        pictureField(
          "logo",
          () => kit.logo,
          (value) => {
            kit.logo = value;
          },
        ),
      ),
      panel(
        "Watermark",
        pictureField(
          "watermark",
          () => shown.image,
          (value) => {
            mark().image = value;
            look.part = "cut";
          },
        ),
        h(
          "div.fields",
          {},
          text(
            "or words",
            () => shown.text,
            (value) => {
              mark().text = value || null;
              look.part = "cut";
            },
            { maxlength: 120, placeholder: "acme.example" },
          ),
          choose(
            "Where",
            PLACES.map((one) => [one, one.replace("-", " ")]),
            () => shown.place,
            (value) => {
              mark().place = value;
            },
          ),
          slide(
            "Opacity",
            [0, 1, 0.05],
            (one) => `${Math.round(100 * one)} %`,
            () => shown.opacity,
            (value) => {
              mark().opacity = value;
              shown.opacity = value;
            },
          ),
          slide(
            "Width",
            [0.02, 0.5, 0.01],
            (one) => `${Math.round(100 * one)} % of the frame`,
            () => shown.width,
            (value) => {
              mark().width = value;
              shown.width = value;
            },
          ),
        ),
      ),
      panel("Slates", slate("intro"), slate("outro")),
    );
    tabs();
  }

  // --- the preview ---
  const choice = (name, options) =>
    h(
      "div.tabs",
      { role: "group", "aria-label": name },
      options.map(([value, words, able = true]) =>
        h(
          "button",
          {
            "aria-pressed": look[name] === value ? "true" : "false",
            disabled: !able,
            onclick: () => {
              look[name] = value;
              redraw(0);
            },
          },
          words,
        ),
      ),
    );
  function tabs() {
    fill(
      looks,
      choice("part", [
        ["cut", "Cut"],
        ["intro", "Intro", !!kit.intro],
        ["outro", "Outro", !!kit.outro],
      ]),
      choice(
        "aspect",
        ["16:9", "9:16", "1:1", "4:5"].map((one) => [one, one]),
      ),
      choice("preset", [
        ["bold", "Bold"],
        ["clean", "Clean"],
        ["karaoke", "Karaoke"],
        ["off", "No captions"],
      ]),
    );
  }
  function redraw(ms = 500) {
    if (look.part !== "cut" && !kit[look.part]) look.part = "cut";
    tabs();
    const [wide, high] = look.aspect.split(":").map(Number);
    Object.assign(seen.style, {
      aspectRatio: `${wide} / ${high}`,
      width: `min(100%, calc((100vh - 320px) * ${wide / high}))`,
    });
    seen.classList.add("old");
    clearTimeout(timer);
    timer = setTimeout(draw, ms);
  }
  async function draw() {
    const mine = ++drawing;
    const body = { ...asSent(), name: kit.name.trim() || "new", ...look };
    wait.hidden = !!picture;
    wait.textContent = "Drawing…";
    try {
      const answer = await fetch("/api/brands/preview", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      });
      if (mine !== drawing) return;
      if (!answer.ok) {
        const problem = await answer.json().catch(() => ({}));
        wait.hidden = false;
        wait.textContent = problem.detail ?? "It could not be drawn.";
        return;
      }
      const old = picture;
      picture = URL.createObjectURL(await answer.blob());
      image.src = picture;
      if (old) URL.revokeObjectURL(old);
      wait.hidden = true;
      seen.classList.remove("old");
    } catch {
      if (mine === drawing) {
        wait.hidden = false;
        wait.textContent = "The server does not answer. The preview comes back with it.";
      }
    }
  }

  // --- kits and projects ---
  function kits() {
    fill(
      list,
      data.kits.length
        ? data.kits.map((one) =>
            h(
              "section.panel.stack",
              {
                "aria-label": one.name,
                style: {
                  gap: "8px",
                  borderColor: one.versions.some((each) => each.id === opened) ? "var(--accent)" : "",
                },
              },
              h(
                "div.row",
                {},
                h("strong.grow.clip", {}, one.name),
                one.project_name ? h("span.chip.plain.clip", {}, one.project_name) : null,
              ),
              h(
                "div.row",
                { style: { gap: "4px" } },
                one.versions.map((each) =>
                  h(
                    "button.chip.plain",
                    {
                      title: `${each.author}, ${ago(each.at)}`,
                      "aria-pressed": each.id === opened ? "true" : "false",
                      style: { borderColor: each.id === opened ? "var(--accent)" : "" },
                      onclick: () => ask(model, { version: each.id }),
                    },
                    `v${each.version}${each.chosen ? " ✓" : ""}`,
                  ),
                ),
              ),
              h(
                "div.swatches",
                { "aria-hidden": "true" },
                ["background", "outline", "text", "primary"].map((name) =>
                  h("i", { style: { background: one.colours[name] } }),
                ),
              ),
              h("div.dim.small", {}, `${one.versions[0].author}, ${ago(one.versions[0].at)}`),
            ),
          )
        : h(
            "div.panel",
            {},
            empty(
              "No kit yet",
              "Set colours, fonts and marks here and save: that is version 1. Every later change is a new version; what was made with an old one stays as it is.",
            ),
          ),
    );
    const options = data.kits.flatMap((one) =>
      one.versions.map((each) => ({
        id: each.id,
        project: one.project,
        words: `${one.name} v${each.version}`,
      })),
    );
    fill(
      projects,
      h("h2", { style: { margin: 0 } }, "What projects inherit"),
      data.projects.length
        ? data.projects.map((one) =>
            h(
              "label",
              {},
              one.name,
              h(
                "select",
                {
                  "aria-label": `Kit of ${one.name}`,
                  disabled: !options.length,
                  onchange: (event) => {
                    const id = event.target.value;
                    if (id)
                      attempt(
                        event.target,
                        () => api("PUT", `/api/brands/projects/${one.id}`, { body: { brand_id: id } }),
                        `Exports of ${one.name} inherit it from now on`,
                      ).then(() => ask(model));
                  },
                },
                one.brand ? null : h("option", { value: "" }, "the plain kit"),
                options
                  .filter((each) => !each.project || each.project === one.id)
                  .map((each) =>
                    h("option", { value: each.id, selected: each.id === one.brand }, each.words),
                  ),
              ),
            ),
          )
        : h(
            "p.dim.small",
            { style: { margin: 0 } },
            "There is no project yet. Footage gets one when a run or a source names it.",
          ),
      h(
        "p.dim.small",
        { style: { margin: 0 } },
        "Cuts that there are keep the version that they were made with.",
      ),
    );
  }

  const stopData = follow(model, "data", (found) => {
    if (found.error) {
      data
        ? say(found.error, "bad")
        : fill(place, h("main.page", {}, h("h1", {}, "Brand kits"), trouble(found.error)));
      return;
    }
    const first = !data,
      typing = data && dirty() && opened === (data.version?.id ?? null);
    const fonts = (one) => JSON.stringify(one?.assets.map((each) => each.family));
    const newFonts = data && fonts(data) !== fonts(found);
    data = found;
    if (!page.isConnected) fill(place, page);
    if (
      first ||
      opened === undefined ||
      ((found.version?.id ?? null) !== opened && !(typing && opened === null))
    )
      load();
    else if (newFonts) {
      build();
      told();
    }
    kits();
  });
  const again = calmly(() => ask(model), 500);
  const stopLive = live((event) => /^(brand|asset|back)/.test(event.kind) && again());
  const stopKeys = keys(place, {
    w: ["save as the next version", () => keep()],
    n: ["a new kit", () => start()],
    1: [
      "see the cut",
      () => {
        look.part = "cut";
        redraw(0);
      },
    ],
    2: [
      "see the intro",
      () => {
        look.part = "intro";
        redraw(0);
      },
    ],
    3: [
      "see the outro",
      () => {
        look.part = "outro";
        redraw(0);
      },
    ],
  });
  return () => {
    stopData();
    stopLive();
    stopKeys();
    clearTimeout(timer);
    if (picture) URL.revokeObjectURL(picture);
  };
}

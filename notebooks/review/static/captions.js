import {
  api,
  ask,
  attempt,
  calmly,
  chip,
  clock,
  draft,
  empty,
  fill,
  follow,
  h,
  keys,
  live,
  root,
  say,
  trouble,
} from "./kit.js";
import { player } from "./player.js";
import { bytes } from "./lanes.js";

const ROW = 60,
  SPARE = 6,
  LEAST = 200;
const PRESETS = { clean: "Clean", bold: "Bold", karaoke: "Karaoke", off: "None" };
const STANDING = { approved: "signed", rejected: "rejected", unsigned: "to review" };

/** The lines of a file's captions, edited by hand, and a frame of a deliverable as the export draws it. */
export function render({ model, el }) {
  const place = root(el);
  place.before(h("link", { rel: "stylesheet", href: "/apps/static/desk.css" }));
  const may = model.get("query").role !== "viewer";
  let data = null,
    lines = [],
    saved = [],
    version = "",
    past = [],
    at = 0,
    typed = null,
    loaded = "",
    theirs = null,
    wanted = null,
    drawing = 0,
    picture = null;

  const title = h("h1.grow.clip", {});
  const file = h("select", {
    "aria-label": "File",
    onchange: () => leave() && ask(model, { file: file.value }),
  });
  const save = h("button.main", { disabled: true, onclick: () => store(), title: "W" }, "Save");
  const undoing = h("button.bare", { disabled: true, onclick: () => undo(), title: "U" }, "Undo");
  const state = h("span.small.dim", { role: "status" });
  const notice = h("div.stack", { style: { gap: "8px" } });
  const play = player({ label: "The file" });
  const caption = h("div.caption", {});
  play.el.querySelector(".stage").append(caption);
  const wave = h("canvas", {
    role: "img",
    "aria-label": "Waveform with the lines",
    style: { touchAction: "none" },
  });
  const body = h("div", { style: { position: "relative" } });
  const scroll = h("div.linelist", { role: "listbox", "aria-label": "Lines", tabindex: 0 }, body);
  const tools = h("div.row", {});
  const cutChoice = h("select", { "aria-label": "Deliverable", onchange: () => shape() });
  const aspectChoice = h("select", { "aria-label": "Shape", onchange: () => draw() });
  const looks = h("div.row", { style: { gap: "6px" } });
  const shown = h("div.stage.preview", {});
  const told = h("div.small.dim", { role: "status", style: { minHeight: "20px" } });
  const reach = h("ul.facts", {});
  const page = h(
    "main.page",
    {},
    h(
      "div.row",
      {},
      title,
      h("label.small", { style: { display: "flex", alignItems: "center", gap: "8px" } }, "File", file),
      state,
      undoing,
      save,
    ),
    notice,
    h(
      "div.words2",
      {},
      h("div.panel.stack", { style: { gap: "10px" } }, tools, scroll),
      h(
        "div.stack",
        {},
        h(
          "div.panel.stack",
          { style: { gap: "10px" } },
          play.el,
          h("div.trim", {}, h("div.canvas", {}, wave)),
        ),
      ),
      h(
        "div.stack",
        {},
        h(
          "div.panel.stack",
          { style: { gap: "10px" } },
          h("h2", { style: { margin: 0 } }, "As exported"),
          h("div.row", {}, cutChoice, aspectChoice),
          looks,
          shown,
          told,
        ),
        h("div.panel", {}, h("h2", {}, "What your changes reach"), reach),
      ),
    ),
  );

  const key = () => `captions ${data?.file?.id}`;
  const row = (line) => ({ start: line.start, end: line.end, text: line.text });
  const dirty = () => JSON.stringify(lines.map(row)) !== JSON.stringify(saved.map(row));
  const copy = () => lines.map((line) => ({ ...line }));
  function change(what) {
    past.push(copy());
    if (past.length > 200) past.shift();
    what();
    touched();
  }
  function touched() {
    draft.set(key(), dirty() ? JSON.stringify({ version, lines: lines.map(row) }) : "");
    at = Math.max(0, Math.min(at, lines.length - 1));
    bar();
    list(true);
    waves();
    say2();
  }
  function undo() {
    const before = past.pop();
    if (!before) {
      say("There is nothing to undo.");
      return;
    }
    lines = before;
    touched();
  }
  const leave = () => true; // a draft waits in this browser until its file is opened again

  async function store() {
    if (!dirty() || !may) return;
    const sent = lines.map(row);
    const empties = sent.find((line) => !line.text.trim());
    if (empties) {
      say(`The line at ${clock(empties.start / 1000)} holds no word: write one or delete it.`, "bad");
      return;
    }
    const before = version;
    const found = await attempt(save, () =>
      api("PUT", `/api/files/${data.file.id}/captions`, { body: { lines: sent }, etag: `"${before}"` }),
    );
    if (found) {
      draft.set(key(), "");
      saved = sent;
      version = found.data.version;
      theirs = null;
      past = [];
      const count = found.data.sessions.length;
      say(
        count
          ? `Saved. ${count} ${count === 1 ? "set of cuts is" : "sets of cuts are"} captioned anew, to be signed again.`
          : "Saved. No cut shows what you changed.",
      );
      loaded = "";
    }
    ask(model, { file: data.file.id });
  }

  // Lines -------------------------------------------------------------------------------------------
  const kept = new WeakMap();
  function list(anew = false) {
    body.style.height = `${lines.length * ROW}px`;
    if (!lines.length) {
      fill(
        body,
        empty(
          "No lines",
          data?.file?.unseen ??
            "Nobody speaks in this file, or nobody could write it down. Add a line where the playhead is.",
        ),
      );
      body.style.height = "auto";
      return;
    }
    const first = Math.max(0, Math.floor(scroll.scrollTop / ROW) - SPARE),
      last = Math.min(
        lines.length,
        Math.ceil((scroll.scrollTop + (scroll.clientHeight || 600)) / ROW) + SPARE,
      );
    const wants = lines.slice(first, last).map((line, i) => drawn(line, first + i, anew));
    for (const old of [...body.children]) if (!wants.includes(old)) old.remove();
    wants.forEach((one) => {
      if (one.parentElement !== body) body.append(one);
    });
  }
  function drawn(line, index, anew) {
    let one = kept.get(line);
    if (!one) {
      const text = h("textarea.grow", {
        value: line.text,
        rows: 2,
        maxlength: 500,
        "aria-label": "Text",
        readonly: !may,
        spellcheck: true,
        onfocus: () => {
          choose(lines.indexOf(line), false);
          typed = copy();
        },
        oninput: () => {
          line.text = text.value;
          draft.set(key(), JSON.stringify({ version, lines: lines.map(row) }));
          bar();
          say2();
          rate(line, one);
          draw();
        },
        onblur: () => {
          if (typed && JSON.stringify(typed) !== JSON.stringify(copy())) past.push(typed);
          typed = null;
          touched();
        },
        onkeydown: (event) => typing(event, line, text),
      });
      const times = ["start", "end"].map((which) =>
        h("input.num.time", {
          value: clock(line[which] / 1000, 2),
          "aria-label": which === "start" ? "In" : "Out",
          readonly: !may,
          onfocus: () => choose(lines.indexOf(line), false),
          onchange: (event) => {
            const ms = read(event.target.value);
            if (ms === null) {
              event.target.value = clock(line[which] / 1000, 2);
              say("A time looks like 1:23.45", "bad");
              return;
            }
            change(() => time(line, which, ms));
          },
          onkeydown: (event) => {
            if (event.key === "Enter") {
              event.target.blur();
            }
            if (event.key === "Escape") {
              event.target.value = clock(line[which] / 1000, 2);
              event.target.blur();
            }
          },
        }),
      );
      one = h(
        "div.capline",
        {
          role: "option",
          onclick: (event) => {
            if (!event.target.closest("input, textarea")) {
              choose(lines.indexOf(line));
              play.seek(line.start / 1000);
            }
          },
        },
        ...times,
        text,
        h("span.small.num.rate", { title: "Characters a second" }),
      );
      one.parts = { text, times };
      kept.set(line, one);
    }
    one.style.top = `${index * ROW}px`;
    one.setAttribute("aria-selected", index === at ? "true" : "false");
    if (anew) {
      const focused = one.getRootNode().activeElement;
      if (focused !== one.parts.text) one.parts.text.value = line.text;
      ["start", "end"].forEach((which, i) => {
        if (focused !== one.parts.times[i]) one.parts.times[i].value = clock(line[which] / 1000, 2);
      });
    }
    rate(line, one);
    return one;
  }
  function rate(line, one) {
    const cps = line.text.length / Math.max(0.1, (line.end - line.start) / 1000),
      place2 = one.querySelector(".rate");
    place2.textContent = `${Math.round(cps)}/s`;
    place2.style.color = cps > 20 ? "var(--bad)" : cps > 17 ? "var(--accent)" : "";
  }
  const read = (words) => {
    const found = /^(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)$/.exec(words.trim());
    return found
      ? Math.round(1000 * (3600 * Number(found[1] ?? 0) + 60 * Number(found[2] ?? 0) + Number(found[3])))
      : null;
  };
  function time(line, which, ms) {
    const i = lines.indexOf(line),
      before = lines[i - 1],
      next = lines[i + 1];
    if (which === "start") line.start = Math.max(before?.end ?? 0, Math.min(ms, line.end - LEAST));
    else
      line.end = Math.min(
        next?.start ?? Math.round(data.file.seconds * 1000),
        Math.max(ms, line.start + LEAST),
      );
  }
  function typing(event, line, text) {
    const i = lines.indexOf(line);
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      typed = null;
      split(text.selectionStart);
    } else if (event.key === "Enter" || event.key === "ArrowDown") {
      event.preventDefault();
      edit(i + 1);
    } else if (event.key === "ArrowUp") {
      event.preventDefault();
      edit(i - 1);
    } else if (event.key === "Backspace" && !text.selectionStart && !text.selectionEnd && i) {
      event.preventDefault();
      typed = null;
      at = i - 1;
      const caret = lines[i - 1].text.length + 1;
      merge();
      edit(at, caret);
    } else if (event.key === "Escape") {
      event.preventDefault();
      text.blur();
      scroll.focus();
    } else if (event.key === "s" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      text.blur();
      store();
    }
  }
  function choose(index, into = true) {
    if (index < 0 || index >= lines.length) return;
    at = index;
    if (into) {
      const top = at * ROW;
      if (top < scroll.scrollTop || top + ROW > scroll.scrollTop + scroll.clientHeight)
        scroll.scrollTop = top - scroll.clientHeight / 3;
    }
    list();
    bar();
    waves();
    draw();
  }
  function edit(index, caret = null) {
    if (index < 0 || index >= lines.length) return;
    choose(index);
    const field = kept.get(lines[index])?.parts.text;
    field?.focus();
    if (caret !== null) field?.setSelectionRange(caret, caret);
  } // at once: the next key is text
  function split(caret = null) {
    const line = lines[at];
    if (!line || !may) return;
    const head = Math.round(play.time() * 1000),
      words = line.text;
    let cut = caret;
    if (cut === null || cut <= 0 || cut >= words.length) {
      const share =
        head > line.start && head < line.end ? (head - line.start) / (line.end - line.start) : 0.5;
      const goal = Math.round(words.length * share);
      const spaces = [...words.matchAll(/\s+/g)].map((one) => one.index);
      cut = spaces.sort((a, b) => Math.abs(a - goal) - Math.abs(b - goal))[0] ?? goal;
    }
    const first = words.slice(0, cut).trim(),
      second = words.slice(cut).trim();
    if (!first || !second || line.end - line.start < 2 * LEAST) {
      say("This line is too short to be split.");
      return;
    }
    const seam = Math.max(
      line.start + LEAST,
      Math.min(
        line.end - LEAST,
        head > line.start && head < line.end
          ? head
          : Math.round(
              line.start + ((line.end - line.start) * first.length) / (first.length + second.length),
            ),
      ),
    );
    change(() => {
      lines.splice(
        at,
        1,
        { start: line.start, end: seam, text: first },
        { start: seam, end: line.end, text: second },
      );
    });
  }
  function merge() {
    const one = lines[at],
      next = lines[at + 1];
    if (!one || !next || !may) return;
    change(() => {
      lines.splice(at, 2, { start: one.start, end: next.end, text: `${one.text} ${next.text}`.trim() });
    });
  }
  function remove() {
    if (lines[at] && may)
      change(() => {
        lines.splice(at, 1);
      });
  }
  function add() {
    if (!may) return;
    const head = Math.round(play.time() * 1000),
      i = lines.findIndex((line) => line.end > head),
      index = i < 0 ? lines.length : i;
    const low = lines[index - 1]?.end ?? 0,
      high = lines[index]?.start ?? Math.round(data.file.seconds * 1000),
      start = Math.max(low, head);
    if (high - start < LEAST) {
      say("There is no room here: another line stands at the playhead.");
      return;
    }
    change(() => {
      lines.splice(index, 0, { start, end: Math.min(high, start + 2000), text: "" });
      at = index;
    });
    edit(index);
  }
  const mark = (which) =>
    lines[at] && may && change(() => time(lines[at], which, Math.round(play.time() * 1000)));

  function bar() {
    const line = lines[at],
      is = dirty();
    fill(
      tools,
      h("h2.grow", { style: { margin: 0 } }, "Lines ", h("span.small.dim.num", {}, `${lines.length}`)),
      h("button", { disabled: !line || !may, onclick: () => split(), title: "S" }, "Split"),
      h("button", { disabled: !lines[at + 1] || !may, onclick: merge, title: "M" }, "Merge"),
      h("button", { disabled: !may || !data?.file?.version, onclick: add, title: "N" }, "Add"),
      h("button.bad", { disabled: !line || !may, onclick: remove, title: "Delete" }, "Delete"),
    );
    save.disabled = !is || !may;
    undoing.disabled = !past.length;
    state.textContent = !may
      ? "You may look, not change."
      : is
        ? "Not saved; kept in this browser"
        : data?.file?.author
          ? `Last edited by ${data.file.author}`
          : "As it was transcribed";
  }
  function say2() {
    const ms = play.time() * 1000,
      line = lines.find((one) => one.start <= ms && ms < one.end);
    if (caption.textContent !== (line?.text ?? "")) caption.textContent = line?.text ?? "";
  }

  // Waveform ----------------------------------------------------------------------------------------
  const pen = wave.getContext("2d");
  let width = 500,
    span = 14,
    from = 0,
    peaks = new Uint8Array(),
    pulled = null,
    pending = null;
  const HIGH = 96,
    x = (ms) => ((ms / 1000 - from) / span) * width,
    t = (px) => (from + (px / width) * span) * 1000;
  const waves = () => {
    if (!pending)
      pending = requestAnimationFrame(() => {
        pending = null;
        sketch();
      });
  };
  function size() {
    const ratio = devicePixelRatio || 1;
    width = Math.max(200, wave.parentElement.clientWidth || 500);
    wave.style.width = `${width}px`;
    wave.style.height = `${HIGH}px`;
    wave.width = width * ratio;
    wave.height = HIGH * ratio;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  }
  function sketch() {
    pen.clearRect(0, 0, width, HIGH);
    if (!data?.file) return;
    const seconds = data.file.seconds || 1;
    for (let px = 0; px < width; px++) {
      const a = Math.floor(((from + (px / width) * span) / seconds) * peaks.length),
        b = Math.max(a + 1, Math.floor(((from + ((px + 1) / width) * span) / seconds) * peaks.length));
      let peak = 0;
      for (let i = Math.max(0, a); i < Math.min(b, peaks.length); i++) peak = Math.max(peak, peaks[i]);
      pen.fillStyle = "#4b5362";
      pen.fillRect(px, 40 - (peak / 254) * 34, 1, Math.max(1, (peak / 254) * 68));
    }
    pen.font = '12px "Source Sans Pro", sans-serif';
    pen.textBaseline = "middle";
    lines.forEach((line, i) => {
      const a = x(line.start),
        b = x(line.end);
      if (b < 0 || a > width) return;
      pen.fillStyle = i === at ? "#ffb22433" : "#5aa9ff22";
      pen.fillRect(a, 0, b - a, HIGH);
      pen.fillStyle = i === at ? "#ffb224" : "#5aa9ff";
      pen.fillRect(a, 0, 1.5, HIGH);
      pen.fillRect(b - 1.5, 0, 1.5, HIGH);
      pen.save();
      pen.beginPath();
      pen.rect(a + 4, 78, Math.max(0, b - a - 8), 18);
      pen.clip();
      pen.fillStyle = "#e8eaee";
      pen.fillText(line.text, a + 5, 87);
      pen.restore();
    });
    pen.fillStyle = "#fff";
    pen.fillRect(x(play.time() * 1000) - 0.5, 0, 1.5, HIGH);
  }
  wave.addEventListener("pointerdown", (event) => {
    const px = event.clientX - wave.getBoundingClientRect().left,
      line = lines[at];
    wave.setPointerCapture(event.pointerId);
    if (line && may && Math.abs(px - x(line.start)) < 9) {
      past.push(copy());
      pulled = "start";
    } else if (line && may && Math.abs(px - x(line.end)) < 9) {
      past.push(copy());
      pulled = "end";
    } else {
      pulled = "head";
      const found = lines.findIndex((one) => one.start <= t(px) && t(px) < one.end);
      if (found >= 0) choose(found);
      play.seek(t(px) / 1000);
    }
  });
  wave.addEventListener("pointermove", (event) => {
    const px = event.clientX - wave.getBoundingClientRect().left,
      line = lines[at];
    if (!pulled) {
      wave.style.cursor =
        line && Math.min(Math.abs(px - x(line.start)), Math.abs(px - x(line.end))) < 9
          ? "ew-resize"
          : "pointer";
      return;
    }
    if (pulled === "head") play.seek(t(px) / 1000);
    else {
      time(line, pulled, Math.round(t(px)));
      touched();
    }
  });
  wave.addEventListener("pointerup", () => {
    if (pulled && pulled !== "head") draw();
    pulled = null;
  });
  const watch = new ResizeObserver(() => {
    size();
    waves();
    list();
  });
  watch.observe(wave.parentElement);
  watch.observe(scroll);
  scroll.addEventListener("scroll", () => requestAnimationFrame(() => list()), { passive: true });

  let followed = -1;
  play.hear((now) => {
    if (now < from || now > from + span * 0.9) from = Math.max(0, now - span * 0.2);
    waves();
    say2();
    const found = lines.findIndex((line) => line.start <= now * 1000 && now * 1000 < line.end);
    if (found >= 0 && found !== followed && !play.video.paused) {
      followed = found;
      choose(found);
    }
  });

  // As exported -------------------------------------------------------------------------------------
  const cut = () => data?.cuts.find((one) => `${one.session}/${one.timeline}` === cutChoice.value) ?? null;
  let tried = null;
  function shape() {
    const one = cut();
    fill(
      aspectChoice,
      (one?.aspects ?? []).map((aspect) => h("option", { value: aspect }, aspect)),
    );
    tried = null;
    lookRow();
    draw();
  }
  function lookRow() {
    const one = cut(),
      now = tried ?? one?.look ?? "off";
    fill(
      looks,
      (data?.presets ?? []).map((name) =>
        h(
          "button",
          {
            "aria-pressed": name === now ? "true" : "false",
            style: { borderColor: name === now ? "var(--accent)" : "" },
            onclick: () => {
              tried = name;
              lookRow();
              draw();
            },
          },
          PRESETS[name] ?? name,
        ),
      ),
      one && now !== one.look
        ? h(
            "button.main",
            {
              disabled: !may,
              onclick: (event) =>
                attempt(
                  event.currentTarget,
                  () => api("PUT", `/api/batches/${data.batch.id}/caption-look`, { body: { preset: now } }),
                  "All cuts of the batch look like this now; they are to be signed again",
                ).then((found) => {
                  if (found) {
                    tried = null;
                    ask(model);
                  }
                }),
            },
            "Use it",
          )
        : null,
    );
  }
  /** Where the chosen cut shows the file's time, in its own seconds. */
  function place2(one, ms) {
    const s = ms / 1000,
      inside = one.clips.find((clip) => clip.from <= s && s < clip.to);
    if (inside) return { at: inside.at + s - inside.from, exact: true };
    return null;
  }
  const draw = calmly(async () => {
    let one = cut();
    const here = lines[at] ? (lines[at].start + lines[at].end) / 2 : play.time() * 1000;
    if (one && !place2(one, here)) {
      // Rather another cut that shows this line than none.
      const other = data.cuts.find((each) => place2(each, here));
      if (other) {
        cutChoice.value = `${other.session}/${other.timeline}`;
        wanted = other.timeline;
        fill(
          aspectChoice,
          other.aspects.map((aspect) => h("option", { value: aspect }, aspect)),
        );
        one = other;
        lookRow();
      }
    }
    if (!one || !data.file) {
      fill(shown);
      told.textContent = data?.cuts.length ? "" : "No cut shows this file yet.";
      return;
    }
    const line = lines[at],
      ms = line ? (line.start + line.end) / 2 : play.time() * 1000;
    const where = place2(one, ms);
    if (!where) {
      told.textContent = "No cut shows this line.";
      shown.classList.add("old");
      return;
    }
    const mine = ++drawing;
    told.textContent = "Drawing…";
    const good = lines.filter((one2) => one2.text.trim()).map(row);
    try {
      const asked = new URLSearchParams({
        timeline: one.timeline,
        aspect: aspectChoice.value,
        at: `${Math.round(where.at * 1e6)}/1000000`,
        preset: tried ?? "",
      });
      const answer = !may
        ? await fetch(`/api/sessions/${one.session}/preview?${asked}`)
        : await fetch(`/api/sessions/${one.session}/preview`, {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify({
              timeline: one.timeline,
              aspect: aspectChoice.value,
              at: `${Math.round(where.at * 1e6)}/1000000`,
              preset: tried ?? "",
              file_id: data.file.id,
              lines: good,
            }),
          });
      if (mine !== drawing) return;
      if (!answer.ok) {
        const problem = await answer.json().catch(() => ({}));
        told.textContent = problem.detail ?? problem.title ?? "The frame could not be drawn.";
        return;
      }
      const url = URL.createObjectURL(await answer.blob());
      if (picture) URL.revokeObjectURL(picture);
      picture = url;
      shown.classList.remove("old");
      fill(
        shown,
        h("img", { src: url, alt: `A frame of ${one.timeline}, ${aspectChoice.value}, as exported` }),
      );
      told.textContent = `${clock(where.at)} of ${one.timeline}, drawn by the export's own renderer`;
    } catch {
      if (mine === drawing)
        told.textContent = "The server does not answer; the frame is drawn when it is back.";
    }
  }, 500);

  function show(found) {
    if (found.error) {
      fill(place, h("main.page", {}, trouble(found.error)));
      return;
    }
    if (found.nothing || !found.file) {
      fill(
        place,
        h(
          "main.page",
          {},
          empty(
            "Nothing to caption yet",
            found.nothing
              ? "Start a run from the batches."
              : "No file of this batch is analysed yet. This page fills itself when one is.",
            h("a.button", { href: "/apps/batches/" }, "All batches"),
          ),
        ),
      );
      data = found.nothing ? null : found;
      return;
    }
    data = found;
    if (!page.isConnected) {
      fill(place, page);
      keysOn();
    }
    fill(title, data.batch.name);
    fill(
      file,
      data.files.id.map((id, i) =>
        h("option", { value: id, selected: id === data.file.id }, data.files.name[i]),
      ),
    );
    const fresh = `${data.file.id} ${data.file.version}`;
    if (fresh !== loaded) {
      const same = loaded.split(" ")[0] === data.file.id;
      const theirLines = data.file.lines.text.map((text, i) => ({
        start: data.file.lines.start[i],
        end: data.file.lines.end[i],
        text,
      }));
      if (same && dirty() && loaded) {
        theirs = { version: data.file.version, lines: theirLines, author: data.file.author };
      } else {
        const keptDraft = draft.get(key());
        saved = theirLines;
        version = data.file.version;
        past = [];
        theirs = null;
        lines = theirLines.map((line) => ({ ...line }));
        if (keptDraft) {
          try {
            const mine = JSON.parse(keptDraft);
            lines = mine.lines;
            if (mine.version !== version) theirs = { version, lines: theirLines, author: data.file.author };
          } catch {
            draft.set(key(), "");
          }
        }
        if (!same) at = 0;
        play.open(
          data.file.url
            ? { url: data.file.url, fps: data.file.fps, length: data.file.seconds }
            : {
                why:
                  data.file.unseen ??
                  "The copy for playing is missing. The lines can be edited all the same.",
              },
          same ? play.time() : 0,
        );
      }
      loaded = fresh;
    }
    peaks = bytes(data.file.peaks);
    fill(
      notice,
      theirs
        ? h(
            "div.notice.wait",
            { role: "alert" },
            h(
              "div.grow",
              {},
              `${theirs.author || "Somebody"} changed these captions meanwhile. What you typed is kept.`,
            ),
            h(
              "button",
              {
                onclick: () => {
                  version = theirs.version;
                  saved = theirs.lines;
                  theirs = null;
                  show(data);
                  touched();
                },
              },
              "Keep mine",
            ),
            h(
              "button",
              {
                onclick: () => {
                  past.push(copy());
                  version = theirs.version;
                  saved = theirs.lines;
                  lines = theirs.lines.map((line) => ({ ...line }));
                  theirs = null;
                  show(data);
                  touched();
                },
              },
              "Take theirs",
            ),
          )
        : null,
    );
    const before = cutChoice.value;
    fill(
      cutChoice,
      data.cuts.map((one) => h("option", { value: `${one.session}/${one.timeline}` }, one.timeline)),
    );
    const again =
      data.cuts.find((one) => `${one.session}/${one.timeline}` === before) ??
      data.cuts.find((one) => one.timeline === wanted) ??
      data.cuts.find((one) => one.look !== "off") ??
      data.cuts[0];
    if (again) {
      cutChoice.value = `${again.session}/${again.timeline}`;
      wanted = again.timeline;
    }
    const aspect = aspectChoice.value;
    fill(
      aspectChoice,
      (again?.aspects ?? []).map((one) => h("option", { value: one, selected: one === aspect }, one)),
    );
    fill(
      reach,
      data.cuts.length
        ? data.cuts.map((one) =>
            h(
              "li",
              {},
              h(
                "div.row",
                {},
                h("span.grow", {}, one.timeline, h("span.dim.small", {}, ` ${one.aspects.join(" ")}`)),
                chip(one.standing === "unsigned" ? "ready_for_review" : one.standing, STANDING[one.standing]),
              ),
            ),
          )
        : h("li", {}, "No cut shows this file."),
      data.cuts.length
        ? h(
            "li",
            {},
            h("a", { href: `/apps/moments/?batch=${encodeURIComponent(data.batch.id)}` }, "Review them"),
          )
        : null,
    );
    lookRow();
    bar();
    list(true);
    waves();
    say2();
    draw();
  }

  let stopKeys = () => {};
  function keysOn() {
    stopKeys();
    stopKeys = keys(place, {
      " ": ["play or pause", () => play.toggle()],
      j: ["backwards, faster with each press", () => play.shuttle(-1)],
      k: ["stop", () => play.stop()],
      l: ["forwards, faster with each press", () => play.shuttle(1)],
      ArrowLeft: ["a frame back", () => play.step(-1)],
      ArrowRight: ["a frame on", () => play.step(1)],
      ArrowUp: [
        "line before",
        () => {
          choose(at - 1);
          lines[at] && play.seek(lines[at].start / 1000);
        },
      ],
      ArrowDown: [
        "next line",
        () => {
          choose(at + 1);
          lines[at] && play.seek(lines[at].start / 1000);
        },
      ],
      e: ["edit the text (Enter: next line; Ctrl Enter: split; Escape: done)", () => edit(at)],
      i: ["in: the line begins at the playhead", () => mark("start")],
      o: ["out: the line ends at the playhead", () => mark("end")],
      s: ["split the line at the playhead", () => split()],
      m: ["merge with the next line", merge],
      n: ["a new line at the playhead", add],
      Delete: ["delete the line", remove],
      u: ["undo", undo],
      w: ["write: save the captions", store],
      p: [
        "try the next preset",
        () => {
          const now = tried ?? cut()?.look;
          const all = data.presets;
          tried = all[(all.indexOf(now) + 1) % all.length];
          lookRow();
          draw();
        },
      ],
    });
  }
  // A button that was clicked gives the keys back: space plays, and does not press it again.
  page.addEventListener("click", (event) => {
    if (event.detail) event.target.closest("button")?.blur();
  });
  page.addEventListener("change", (event) => {
    if (event.target.tagName === "SELECT") event.target.blur();
  });
  const stopData = follow(model, "data", show);
  const again = calmly(() => ask(model, { file: data?.file?.id ?? null }), 900);
  const stopLive = live(
    (event) =>
      (event.kind === "back" ||
        (event.batch_id === data?.batch?.id && /^(caption|session|decision|file)/.test(event.kind))) &&
      again(),
  );
  return () => {
    stopData();
    stopLive();
    stopKeys();
    watch.disconnect();
    play.stop();
  };
}

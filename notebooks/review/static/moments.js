import {
  ago,
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
import { cutplayer } from "./cutplayer.js";
import { trimmer } from "./trim.js";

const STANDING = { approved: "approved", rejected: "rejected", unsigned: "ready_for_review" };
const SAID = { approve: "approved", reject: "rejected", trim: "trimmed" };
const HOW = {
  trim: "trimmed",
  extend: "made longer",
  split: "split",
  merge: "merged",
  remove: "shortened by a clip",
  move: "reordered",
  captions: "given other captions",
};

/** The reviewer's desk: play a cut, sign it off, or change it. */
export function render({ model, el }) {
  const place = root(el);
  place.before(h("link", { rel: "stylesheet", href: "/apps/static/desk.css" }));
  let data = null,
    cut = null,
    full = null,
    chosen = 0,
    seen = "",
    comparing = null;
  const role = model.get("query").role;
  const may = role !== "viewer";

  const title = h("h1.grow.clip", {});
  const list = h("div.stack", { style: { gap: "6px" }, role: "listbox", "aria-label": "Cuts" });
  const head = h("div.row", {});
  const notice = h("div.stack", { style: { gap: "8px" } });
  const play = cutplayer({ label: "The cut" }),
    other = cutplayer({ label: "Compared with" });
  const strip = h("div.strip", { role: "listbox", "aria-label": "Clips" });
  const about = h("div.small.dim", { style: { minHeight: "40px" } });
  const trim = trimmer({ onseek: (t) => seekSource(t), onchange: () => tools() });
  const bench = h("div.row", {});
  const desk = h("div.stack", {});
  const pick = h("select", {
    "aria-label": "Compare with",
    onchange: () => compare(pick.value === "" ? null : pick.value),
  });
  const players = h("div.players", {}, play.el, other.el);
  const dialog = h("dialog", {}, ...reason());

  const left = h(
    "aside.panel.stack.cuts",
    { style: { gap: "10px" } },
    h("h2", { style: { margin: 0 } }, "Cuts"),
    list,
  );
  const middle = h(
    "div.stack",
    {},
    h("div.panel.stack", { style: { gap: "10px" } }, head, players, strip, about),
    h("div.panel.stack", { style: { gap: "10px" } }, bench, trim.el),
  );
  const page = h(
    "main.page",
    {},
    h(
      "div.row",
      {},
      title,
      h(
        "label.small",
        { style: { display: "flex", alignItems: "center", gap: "8px" } },
        "Compare with",
        pick,
      ),
    ),
    notice,
    h("div.desk", {}, left, middle, desk),
    dialog,
  );
  other.el.hidden = true;

  const clip = () => full?.clips[chosen] ?? null;
  const route = (verb) => `/api/sessions/${cut.session}/${verb}`;
  function seekSource(t) {
    const one = clip();
    if (!one) return;
    play.stop();
    const inside = Math.max(one.from, Math.min(t, one.to - 1 / full.rate));
    play.seek(one.at + inside - one.from);
    trim.head(t);
  }
  play.hear((t) => {
    if (!full) return;
    const at = play.clip();
    if (at !== chosen && !trim.dirty()) {
      chosen = at;
      clipChosen();
    }
    if (at === chosen && clip()) trim.head(clip().from + t - clip().at);
    const share = (t / Math.max(0.01, cut.seconds)) * 100;
    strip.style.setProperty("--head", `${share}%`);
  });

  /** One change after the other: what is pressed meanwhile waits until what came of the last is shown. */
  let last = Promise.resolve();
  const turn =
    (change) =>
    (...given) => {
      const next = () => change(...given);
      return (last = last.then(next, next));
    };
  /** Every change goes through here: what was shown is named, and what came of it is shown. */
  async function act(verb, body, words) {
    if (!cut || !may) {
      if (!may) say("Your key may look but not decide.", "bad");
      return null;
    }
    const button = page.querySelector(`[data-verb="${verb}"]`);
    const found = await attempt(
      button,
      () => api("POST", route(verb), { body: body ?? undefined, etag: `"${cut.version}"` }),
      words,
    );
    // Whether it worked or somebody was quicker: look at it as it is now.
    await ask(model, { session: found?.data?.id ?? cut.session, timeline: cut.timeline });
    return found;
  }
  const approve = turn(
    () =>
      cut &&
      (cut.mine === "approve"
        ? say("You have approved it as it is.")
        : act("approve", { timeline: cut.timeline, note: "" }, "Approved")),
  );
  const refuse = turn((reason) => act("reject", { timeline: cut.timeline, reason }, "Rejected"));
  const reject = () => {
    if (!cut || !may) return;
    play.stop();
    dialog.showModal();
    dialog.querySelector("textarea").value = draft.get(`reject ${cut.hash}`);
    dialog.querySelector("textarea").focus();
  };
  const apply = turn(() => {
    const [start, end] = trim.span();
    return trim.dirty()
      ? act(
          "retime",
          { timeline: cut.timeline, clip: chosen, start: frac(start), end: frac(end) },
          "Trimmed: what follows moved",
        )
      : say("Move an end first: I sets the in, O the out.");
  });
  const splitAt = turn((at) => cut && act("split", { timeline: cut.timeline, at }, "Split"));
  const split = () => splitAt(frac(play.time()));
  const joins = (index) => {
    const one = full?.clips[index],
      next = full?.clips[index + 1];
    return !!(one?.file && next && one.file === next.file && Math.abs(one.to - next.from) < 1e-6);
  };
  const merge = turn(() => {
    const first = joins(chosen) ? chosen : joins(chosen - 1) ? chosen - 1 : null;
    return first === null
      ? say("Neither neighbour goes on where this clip ends in its file.")
      : act("merge", { timeline: cut.timeline, clip: first }, "Merged");
  });
  const remove = turn(
    () => cut && act("remove", { timeline: cut.timeline, clip: chosen }, "Taken out: what follows moved up"),
  );
  const shift = turn(async (by) => {
    const to = chosen + by;
    if (
      full &&
      to >= 0 &&
      to < full.clips.length &&
      (await act("move", { timeline: cut.timeline, clip: chosen, to }, "Moved"))
    )
      toClip(to);
  });
  const undo = turn(() => {
    if (!cut) return null;
    if (trim.dirty()) return trim.reset();
    if (cut.mine)
      return act("withdraw", { timeline: cut.timeline }, `Taken back: you have not ${SAID[cut.mine]} it`);
    return cut.undo ? act("undo", null, "Back to how it was before") : say("There is nothing to undo.");
  });
  const frac = (t) => `${Math.round(t * 1e6)}/1000000`;

  function reason() {
    const text = h("textarea", {
      rows: 4,
      maxlength: 2000,
      style: { width: "100%" },
      "aria-label": "Reason",
      placeholder: "Why? The next editor reads it.",
      oninput: () => draft.set(`reject ${cut.hash}`, text.value),
    });
    const form = h(
      "form.stack",
      {
        method: "dialog",
        onsubmit: async (event) => {
          event.preventDefault();
          if (!text.value.trim()) {
            text.focus();
            return;
          }
          const hash = cut.hash;
          dialog.close();
          if (await refuse(text.value.trim())) draft.set(`reject ${hash}`, "");
        },
      },
      h("h2", { style: { margin: 0 } }, "Reject this cut"),
      text,
      h(
        "div.row",
        {},
        h("button.bad", { "data-verb": "reject", type: "submit" }, "Reject"),
        h("button.bare", { type: "button", onclick: () => dialog.close() }, "Not yet"),
      ),
    );
    text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    });
    return [form];
  }

  function choose(key) {
    const [session, timeline] = key.split(/\/(.*)/);
    chosen = 0;
    ask(model, { session, timeline });
  }
  function go(by) {
    if (!data?.cuts.length) return;
    const at = data.cuts.findIndex((one) => one.key === cut?.key);
    choose(data.cuts[(at + by + data.cuts.length) % data.cuts.length].key);
  }
  function toClip(index) {
    if (!full?.clips[index]) return;
    trim.reset();
    chosen = index;
    clipChosen();
    play.seek(full.clips[index].at);
  }
  function playClip() {
    const one = clip();
    if (!one) return;
    play.only(one.at, one.at + one.to - one.from);
    play.seek(one.at);
    play.play();
  }
  function compare(index) {
    comparing = index;
    other.el.hidden = index === null;
    players.classList.toggle("two", index !== null);
    const one = full?.clips[Number(index)];
    if (index === null || !one) {
      play.only();
      return;
    }
    other.load({ ...full, clips: [{ ...one, at: 0 }], cues: [] });
    const mine = clip();
    play.only(mine.at, mine.at + mine.to - mine.from);
    play.seek(mine.at);
    other.seek(0);
  }
  /** With two side by side, the keys move both. */
  const both = (what) => {
    what(play);
    if (comparing !== null) what(other);
  };
  const together = () => {
    if (comparing === null) {
      play.toggle();
      return;
    }
    if (play.playing() || other.playing()) both((one) => one.stop());
    else both((one) => one.play());
  };

  function clipChosen() {
    for (const one of strip.querySelectorAll("[role=option]"))
      one.setAttribute("aria-selected", one.dataset.index === String(chosen) ? "true" : "false");
    const one = clip();
    trim.show(one ? { ...one, key: `${full.key} ${cut.hash} ${chosen}`, rate: full.rate } : null);
    fill(
      about,
      one
        ? [
            h(
              "div",
              {},
              h("strong", { style: { color: "var(--text)" } }, `Clip ${chosen + 1} of ${full.clips.length}`),
              ` · ${one.name} · ${clock(one.from)} to ${clock(one.to)}`,
              one.score !== null ? ` · ${one.score.toFixed(2)}` : "",
            ),
            h("div", {}, one.reason),
          ]
        : null,
    );
    tools();
  }
  function tools() {
    const one = clip(),
      dirty = trim.dirty(),
      [start, end] = trim.span();
    const next = full?.clips[chosen + 1];
    fill(
      bench,
      h("h2.grow", { style: { margin: 0 } }, "Trim"),
      h(
        "span.small.num.dim",
        { role: "status" },
        one ? `${clock(start, 2)} – ${clock(end, 2)} · ${(end - start).toFixed(2)} s` : "",
      ),
      h(
        "button",
        {
          "data-verb": "retime",
          class: dirty ? "main" : "",
          disabled: !dirty || !may,
          onclick: apply,
          title: "Enter",
        },
        "Apply",
      ),
      h("button.bare", { disabled: !dirty, onclick: () => trim.reset(), title: "Escape" }, "Reset"),
      h("button", { "data-verb": "split", disabled: !one || !may, onclick: split, title: "S" }, "Split here"),
      h(
        "button",
        {
          "data-verb": "merge",
          disabled: !(joins(chosen) || joins(chosen - 1)) || !may,
          onclick: merge,
          title: "M: with the clip that goes on where this one ends",
        },
        "Merge",
      ),
      h(
        "button",
        {
          "data-verb": "move",
          disabled: !chosen || !may,
          onclick: () => shift(-1),
          "aria-label": "Earlier",
          title: "<",
        },
        "←",
      ),
      h(
        "button",
        { disabled: !next || !may, onclick: () => shift(1), "aria-label": "Later", title: ">" },
        "→",
      ),
      h(
        "button.bad",
        {
          "data-verb": "remove",
          disabled: (full?.clips.length ?? 0) < 2 || !may,
          onclick: remove,
          title: "X",
        },
        "Take out",
      ),
    );
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
            "Nothing to review yet",
            "Start a run from the batches; its cuts wait here when it is done.",
            h("a.button", { href: "/apps/batches/" }, "All batches"),
          ),
        ),
      );
      return;
    }
    data = found;
    full = data.cut;
    cut = data.cuts.find((one) => one.key === full?.key) ?? null;
    if (!page.isConnected) {
      fill(place, page);
      keysOn();
    }
    fill(title, data.batch.name);
    if (!cut) {
      fill(list, h("p.dim", {}, "No cut yet."));
      fill(desk);
      fill(head);
      fill(
        notice,
        empty(
          "No cuts yet",
          data.batch.status === "failed"
            ? "None of its files could be used."
            : "They are made when the analysis is done.",
          h(
            "a.button",
            { href: `/apps/report/?batch=${encodeURIComponent(data.batch.id)}` },
            "See the analysis",
          ),
        ),
      );
      middle.hidden = true;
      return;
    }
    middle.hidden = false;
    fill(
      list,
      data.cuts.map((one) =>
        h(
          "button.card",
          {
            role: "option",
            "aria-current": one.key === cut.key ? "true" : "false",
            "aria-selected": one.key === cut.key ? "true" : "false",
            onclick: () => choose(one.key),
          },
          h("div.top", {}, h("span.grow.clip", {}, one.timeline), chip(STANDING[one.standing], word(one))),
          h(
            "div.small.dim.num",
            {},
            `${clock(one.seconds)} · ${one.clips} ${one.clips === 1 ? "clip" : "clips"} · ${one.aspects.join(" ")}${one.older ? " · of an earlier choice of moments" : ""}`,
          ),
        ),
      ),
    );
    fill(
      head,
      h("strong.grow.clip", {}, cut.timeline),
      chip(STANDING[cut.standing], word(cut)),
      h("button.bare.small", { onclick: playClip, title: "C" }, "Play clip"),
      h(
        "button.bare.small",
        {
          onclick: () => {
            play.only();
            play.seek(0);
            play.play();
          },
          title: "Home",
        },
        "Play cut",
      ),
    );
    const moved = seen !== cut.hash,
      keep = seen.split(" ")[0] === cut.session || moved ? play.time() : 0;
    if (moved) {
      const same = seen && full.clips.length;
      seen = cut.hash;
      chosen = Math.min(chosen, full.clips.length - 1);
      play.load(full, same && lastTimeline === cut.timeline ? keep : 0);
      lastTimeline = cut.timeline;
      compare(null);
      fill(
        pick,
        h("option", { value: "" }, "nothing"),
        full.clips.map((one) =>
          h("option", { value: one.index }, `${one.index + 1}. ${one.name} ${clock(one.from)}`),
        ),
      );
      fill(
        strip,
        full.clips.map((one) =>
          h(
            "button",
            {
              role: "option",
              "data-index": one.index,
              "aria-label": `Clip ${one.index + 1}, ${one.name}`,
              title: `${one.name}\n${one.reason}`,
              style: { flexGrow: Math.max(0.02, one.to - one.from) },
              onclick: () => toClip(one.index),
            },
            h("span.clip", {}, String(one.index + 1)),
            h("span.small.dim.clip", {}, one.name),
          ),
        ),
        h("i.playhead", {}),
      );
    }
    fill(
      notice,
      cut.lost.length && cut.standing !== "approved"
        ? h(
            "div.notice.wait",
            { role: "status" },
            h(
              "div",
              {},
              `${cut.lost.join(" and ")} had approved this cut before it was ${HOW[cut.changed?.how] ?? "changed"}${cut.changed ? ` by ${cut.changed.author}` : ""}. That approval no longer counts: it was for another cut.`,
            ),
          )
        : null,
    );
    fill(desk, verdict(), history());
    clipChosen();
  }
  let lastTimeline = "";

  const word = (one) =>
    one.standing === "unsigned" && one.approved.length
      ? `${one.approved.length} of ${one.approved.length + one.missing}`
      : one.standing === "unsigned"
        ? "to review"
        : one.standing;
  const verdict = () =>
    h(
      "div.panel.stack",
      { style: { gap: "10px" } },
      h(
        "div.row",
        {},
        h(
          "button.main.grow",
          {
            "data-verb": "approve",
            disabled: !may || cut.mine === "approve",
            onclick: approve,
            style: { justifyContent: "center" },
            title: "A",
          },
          cut.mine === "approve" ? "You approved it" : "Approve",
        ),
        h(
          "button.bad.grow",
          { disabled: !may, onclick: reject, style: { justifyContent: "center" }, title: "R" },
          "Reject…",
        ),
      ),
      h(
        "button",
        {
          "data-verb": "undo",
          disabled: !may || !(cut.mine || cut.undo),
          onclick: undo,
          title: "U",
          style: { justifyContent: "center" },
        },
        cut.mine
          ? `Take back: I ${SAID[cut.mine]} it`
          : cut.undo
            ? `Undo: it was ${HOW[cut.changed?.how] ?? "changed"}`
            : "Undo",
      ),
      h("div.small", {}, rule()),
      h(
        "div.small.dim",
        {},
        "A word counts for exactly this cut: ",
        h("code", { title: cut.hash }, cut.hash.slice(0, 10)),
      ),
      h(
        "div.row",
        {},
        h(
          "a.button.bare.small",
          {
            href: `/apps/captions/?batch=${encodeURIComponent(data.batch.id)}${clip()?.file ? `&file=${encodeURIComponent(clip().file)}` : ""}`,
          },
          "Edit captions",
        ),
        h("span.small.dim", {}, h("kbd", {}, "?"), " keys"),
      ),
    );
  function rule() {
    const { approvers, names } = data.rule;
    const said = cut.rejected.length
      ? `Rejected by ${cut.rejected.join(", ")}.`
      : cut.missing
        ? `${cut.approved.length ? `Approved by ${cut.approved.join(", ")}; ` : ""}${cut.missing} more ${cut.missing === 1 ? "approval is" : "approvals are"} needed${names.length ? `, from ${names.filter((one) => !cut.approved.includes(one)).join(" or ")}` : ""}.`
        : `Signed off by ${cut.approved.join(", ")}.`;
    const choice =
      role === "admin"
        ? h(
            "select",
            {
              "aria-label": "How many people must approve",
              onchange: async (event) => {
                await attempt(
                  null,
                  () =>
                    api(
                      "PUT",
                      `/api/approval-rule${data.batch.project ? `?project_id=${encodeURIComponent(data.batch.project)}` : ""}`,
                      { body: { approvers: Number(event.target.value) } },
                    ),
                  "The rule holds from now on",
                );
                ask(model);
              },
            },
            [1, 2, 3, 4, 5].map((n) =>
              h(
                "option",
                { value: n, selected: n === approvers },
                `${n} ${n === 1 ? "approval" : "approvals"}`,
              ),
            ),
          )
        : h("strong", {}, `${approvers} ${approvers === 1 ? "approval" : "approvals"}`);
    return h(
      "div.stack",
      { style: { gap: "6px" } },
      h("div", {}, said),
      h(
        "div.row.dim",
        { style: { gap: "6px" } },
        "Rule:",
        choice,
        names.length ? `of ${names.join(", ")}` : "by different people",
      ),
    );
  }
  const history = () =>
    h(
      "div.panel.stack",
      { style: { gap: "8px" } },
      h("h2", { style: { margin: 0 } }, "What was said"),
      cut.decisions.length || cut.changed
        ? h(
            "ul.facts",
            {},
            cut.decisions.map((one) =>
              h(
                "li",
                { style: { opacity: one.withdrawn ? 0.55 : 1 } },
                h(
                  "span",
                  {},
                  h("strong", {}, one.author),
                  ` ${SAID[one.verdict] ?? one.verdict}`,
                  one.withdrawn ? ", and took it back" : "",
                  h("span.small.dim", { title: one.at }, ` · ${ago(one.at)}`),
                ),
                one.note ? h("span.small.dim", {}, one.note) : null,
              ),
            ),
            cut.changed
              ? h(
                  "li.warn",
                  {},
                  h(
                    "span",
                    {},
                    h("strong", {}, cut.changed.author),
                    ` changed it: ${HOW[cut.changed.how] ?? cut.changed.how}`,
                    h("span.small.dim", {}, ` · ${ago(cut.changed.at)}`),
                  ),
                )
              : null,
          )
        : h("p.small.dim", { style: { margin: 0 } }, "Nobody has said anything about this cut yet."),
    );

  const near = 0.25; // seconds: what I and O snap within
  let stopKeys = () => {};
  function keysOn() {
    stopKeys();
    stopKeys = keys(place, {
      " ": ["play or pause", together],
      j: ["backwards, faster with each press", () => both((one) => one.shuttle(-1))],
      k: ["stop", () => both((one) => one.stop())],
      l: ["forwards, faster with each press", () => both((one) => one.shuttle(1))],
      ArrowLeft: [
        "a frame back (with Shift ten)",
        (event) => both((one) => one.step(event.shiftKey ? -10 : -1)),
      ],
      ArrowRight: [
        "a frame on (with Shift ten)",
        (event) => both((one) => one.step(event.shiftKey ? 10 : 1)),
      ],
      ArrowUp: ["clip before", () => toClip(chosen - 1)],
      ArrowDown: ["next clip", () => toClip(chosen + 1)],
      Home: [
        "play the cut",
        () => {
          play.only();
          play.seek(0);
          play.play();
        },
      ],
      c: ["play the clip", playClip],
      "[": ["cut before", () => go(-1)],
      "]": ["next cut", () => go(1)],
      a: ["approve", approve],
      r: ["reject, with the reason", reject],
      i: [
        "in: the clip begins here",
        () => clip() && trim.set("start", clip().from + play.time() - clip().at, null, near),
      ],
      o: [
        "out: the clip ends here",
        () => clip() && trim.set("end", clip().from + play.time() - clip().at, null, near),
      ],
      Enter: ["apply the trim", () => trim.dirty() && apply()],
      Escape: ["leave the ends as they were", () => trim.reset()],
      s: ["split here", split],
      m: ["merge with the clip that goes on", merge],
      x: ["take the clip out", remove],
      "<": ["clip earlier", () => shift(-1)],
      ">": ["clip later", () => shift(1)],
      u: ["undo", undo],
      v: [
        "compare with the next clip",
        () => {
          const next = comparing === null && full ? String((chosen + 1) % full.clips.length) : "";
          pick.value = next;
          compare(next === "" ? null : next);
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
  const again = calmly(() => ask(model), 700);
  const stopLive = live(
    (event) =>
      (event.kind === "back" ||
        (event.batch_id === data?.batch?.id && /^(decision|session|caption)/.test(event.kind))) &&
      again(),
  );
  return () => {
    stopData();
    stopLive();
    stopKeys();
    play.stop();
    other.stop();
    trim.stop();
  };
}

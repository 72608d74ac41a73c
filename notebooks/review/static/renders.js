import {
  ago,
  api,
  ask,
  attempt,
  calmly,
  chip,
  clock,
  empty,
  fill,
  follow,
  fresh,
  h,
  keys,
  live,
  root,
  trouble,
} from "./kit.js";

/** Every render job: how far it is, what went wrong, what it left and whether that passed its checks. */
export function render({ model, el }) {
  const place = root(el);
  let jobs = [],
    wanted = "all";
  const list = h("div.stack"),
    chips = h("div.row"),
    bars = new Map();
  const page = h("main.page", {}, h("div.row", {}, h("h1.grow", {}, "Renders"), chips), list);

  function show() {
    const states = ["all", ...new Set(jobs.map((job) => job.state))];
    if (!states.includes(wanted)) wanted = "all";
    fill(
      chips,
      jobs.length
        ? states.map((one) =>
            h(
              "button.chip.plain",
              {
                "aria-pressed": one === wanted ? "true" : "false",
                style: { borderColor: one === wanted ? "var(--accent)" : "" },
                onclick: () => {
                  wanted = one;
                  show();
                },
              },
              `${one} ${one === "all" ? jobs.length : jobs.filter((job) => job.state === one).length}`,
            ),
          )
        : null,
    );
    const found = jobs.filter((job) => wanted === "all" || job.state === wanted);
    bars.clear();
    fill(
      list,
      found.length
        ? found.map(card)
        : h(
            "div.panel",
            {},
            empty(
              "Nothing is being rendered",
              "A cut is rendered once it is signed off.",
              h("a.button", { href: "/apps/batches/" }, "Choose a batch to review"),
            ),
          ),
    );
  }
  const act = (job, verb, words) =>
    h(
      "button",
      {
        onclick: (event) =>
          attempt(
            event.currentTarget,
            () => api("POST", `/api/jobs/${job.id}/${verb}`, { key: fresh() }),
            `${words}: done`,
          ).then(() => ask(model)),
      },
      words,
    );

  function card(job) {
    const bar = h("i", { style: { width: `${job.progress}%` } });
    bars.set(job.id, bar);
    return h(
      "section.panel.stack",
      { "aria-label": job.blueprint },
      h(
        "div.row",
        {},
        h(
          "h2.grow",
          { style: { margin: 0 } },
          job.blueprint,
          h("span.dim", {}, " · "),
          h("a.dim", { href: `/apps/report/?batch=${job.batch}` }, job.batch_name),
        ),
        chip(job.state),
        h("span.chip.plain", {}, job.priority),
        h("span.dim.small", { title: job.created }, ago(job.created)),
        job.state === "failed" ? act(job, "retry", "Retry") : null,
        job.state === "paused"
          ? act(job, "resume", "Resume")
          : ["queued", "rendering"].includes(job.state)
            ? act(job, "pause", "Pause")
            : null,
        ["queued", "rendering", "paused"].includes(job.state) ? act(job, "cancel", "Cancel") : null,
      ),
      job.state === "complete"
        ? null
        : h(
            `div.bar${job.state === "failed" ? ".bad" : ""}`,
            {
              role: "progressbar",
              "aria-valuenow": Math.round(job.progress),
              "aria-valuemin": 0,
              "aria-valuemax": 100,
            },
            bar,
          ),
      job.error
        ? h("div.notice", { role: "alert" }, h("div.grow", {}, h("div", {}, job.error), log(job)))
        : null,
      job.outputs.length
        ? h(
            "div",
            {
              style: {
                display: "grid",
                gap: "14px",
                gridTemplateColumns: "repeat(auto-fill, minmax(min(230px, 100%), 1fr))",
                alignItems: "start",
              },
            },
            job.outputs.map(output),
          )
        : null,
    );
  }

  function log(job) {
    const lines = h("pre.small", {
      style: { whiteSpace: "pre-wrap", margin: "8px 0 0", maxHeight: "220px", overflow: "auto" },
    });
    const read = async (event) => {
      if (event.target.open) {
        const found = await attempt(null, () => api("GET", `/api/jobs/${job.id}/log`));
        lines.textContent = found?.data.lines.join("\n") || "Nothing was logged.";
      }
    };
    return h("details", { ontoggle: read }, h("summary.small.dim", {}, "Last lines of the log"), lines);
  }

  function output(one) {
    return h(
      "article.stack",
      { style: { gap: "8px" } },
      h(
        "div.stage",
        { style: { aspectRatio: "16 / 9" } },
        h("video", {
          src: one.url,
          controls: true,
          preload: "metadata",
          playsinline: true,
          style: {
            position: "absolute",
            inset: 0,
            width: "100%",
            height: "100%",
            maxHeight: "none",
            objectFit: "contain",
          },
        }),
      ),
      h(
        "div.row",
        { style: { gap: "6px" } },
        h("strong.grow.clip", {}, one.timeline),
        h("span.chip.plain", {}, one.aspect),
        chip(one.passed ? "passed" : "failed", one.passed ? "checks passed" : "check failed"),
      ),
      h(
        "div.small.dim.num",
        {},
        [
          one.preset,
          `${one.width}×${one.height}`,
          clock(one.duration),
          one.loudness === null ? "silent" : `${one.loudness.toFixed(1)} LUFS`,
        ].join(" · "),
      ),
      h(
        "details.small",
        {},
        h("summary", {}, `${one.checks.length} checks`),
        h(
          "div",
          { style: { display: "grid", gridTemplateColumns: "auto 1fr", gap: "2px 10px", marginTop: "6px" } },
          one.checks.flatMap((check) => [
            h(
              "span",
              { style: { color: check.passed ? "var(--good)" : "var(--bad)" } },
              check.passed ? "✓" : "✗",
            ),
            h("span", {}, `${check.name}: ${check.measured} `, h("span.dim", {}, `(${check.required})`)),
          ]),
        ),
      ),
      h(
        "div.row",
        {},
        h("a.button", { href: `${one.url}&save=true`, download: "" }, "Download"),
        one.captions.map((caption) =>
          h("a.button.bare", { href: `${caption.url}&save=true`, download: "" }, caption.kind),
        ),
      ),
    );
  }

  const stopData = follow(model, "data", (data) => {
    if (data.error) {
      fill(place, h("main.page", {}, trouble(data.error)));
      return;
    }
    jobs = data.jobs;
    if (!page.isConnected) fill(place, page);
    show();
  });
  const again = calmly(() => ask(model), 800);
  const stopLive = live((event) => {
    if (event.kind === "job.progress") {
      const bar = bars.get(event.subject_id);
      if (bar) {
        bar.style.width = `${event.data.percent}%`;
        bar.parentElement.setAttribute("aria-valuenow", Math.round(event.data.percent));
      }
      return;
    }
    if (/^(job|back)/.test(event.kind)) again();
  });
  const stopKeys = keys(place, { r: ["read everything anew", () => ask(model)] });
  return () => {
    stopData();
    stopLive();
    stopKeys();
  };
}

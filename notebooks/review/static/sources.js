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
  trouble,
} from "./kit.js";

/** The Dropbox folders and links that footage arrives from, how fresh each is, and the rules of where it goes. */
export function render({ model, el }) {
  const place = root(el);
  const list = h("div.stack"),
    rules = h("section.panel.stack");
  const add = form(() => ask(model));
  const page = h(
    "main.page",
    {},
    h(
      "div.row",
      {},
      h("h1.grow", {}, "Sources"),
      h("button.main", { onclick: () => add.open() }, "Add a source"),
    ),
    list,
    rules,
    add.el,
  );
  const path = (source) => `/api/dropbox/sources/${source.id}`;

  function card(source) {
    return h(
      "section.panel.stack",
      { "aria-label": source.label, style: { gap: "8px" } },
      h(
        "div.row",
        {},
        h("h2.grow", { style: { margin: 0 } }, source.label),
        chip(source.state),
        h(
          "span.dim.small",
          { title: source.last_processed_at ?? "" },
          source.last_processed_at ? `looked at ${ago(source.last_processed_at)}` : "never looked at",
        ),
      ),
      h(
        "div.small.dim",
        { style: { overflowWrap: "anywhere" } },
        [
          source.kind === "shared_link" ? source.source_url : source.folder_path || "the whole account",
          source.project ? `project ${source.project}` : "project by the rules below",
          `kept ${source.storage_tier}`,
          source.waiting ? `${source.waiting} files wait` : null,
        ]
          .filter(Boolean)
          .join(" · "),
      ),
      source.error ? h("div.notice", { role: "alert" }, h("div.grow", {}, source.error)) : null,
      h(
        "div.row",
        {},
        h(
          "button",
          {
            onclick: (event) =>
              attempt(
                event.currentTarget,
                () => api("POST", `${path(source)}/sync`, { key: fresh() }),
                "It is looked at now",
              ).then(() => ask(model)),
          },
          "Look now",
        ),
        h(
          "label",
          { style: { display: "flex", gap: "8px", alignItems: "center", flexDirection: "row" } },
          h("input", {
            type: "checkbox",
            checked: source.auto_ingest,
            onchange: (event) =>
              attempt(
                event.currentTarget,
                () => api("PATCH", path(source), { body: { auto_ingest: event.target.checked } }),
                event.target.checked ? "Taken in by itself" : "Only when you ask",
              ).then(() => ask(model)),
          }),
          h("span", {}, "takes in by itself"),
        ),
        h("span.grow"),
        h(
          "button.bare",
          {
            onclick: (event) =>
              confirm(`Remove ${source.label}? Its batches stay.`) &&
              attempt(event.currentTarget, () => api("DELETE", path(source)), "Removed").then(() =>
                ask(model),
              ),
          },
          "Remove",
        ),
      ),
    );
  }

  function mapping(data) {
    const pattern = h("input.grow", { placeholder: "/clients/acme/*", "aria-label": "Folder pattern" });
    const project = h("input", { placeholder: "project", "aria-label": "Project", list: "projects" });
    fill(
      rules,
      h("h2", { style: { margin: 0 } }, "Which project a folder is for"),
      h(
        "p.dim.small",
        {},
        "The first rule that fits gives footage its project, where its source names none.",
      ),
      data.rules.map((rule) =>
        h(
          "div.row",
          {},
          h("code", {}, rule.pattern),
          h("span.grow", {}, "→ ", rule.project),
          h(
            "button.bare",
            {
              "aria-label": `Remove the rule ${rule.pattern}`,
              onclick: (event) =>
                attempt(
                  event.currentTarget,
                  () => api("DELETE", `/api/dropbox/mappings/${rule.id}`),
                  "Removed",
                ).then(() => ask(model)),
            },
            "Remove",
          ),
        ),
      ),
      h(
        "form.row",
        {
          onsubmit: (event) => {
            event.preventDefault();
            attempt(
              null,
              () =>
                api("POST", "/api/dropbox/mappings", {
                  body: { pattern: pattern.value.trim(), project: project.value.trim() },
                  key: fresh(),
                }),
              "The rule holds from now on",
            ).then((done) => done && ask(model));
          },
        },
        pattern,
        project,
        h(
          "datalist",
          { id: "projects" },
          data.projects.map((one) => h("option", { value: one })),
        ),
        h("button", {}, "Add the rule"),
      ),
    );
  }

  const stopData = follow(model, "data", (data) => {
    if (data.error) {
      fill(place, h("main.page", {}, trouble(data.error)));
      return;
    }
    fill(
      list,
      data.sources.length
        ? data.sources.map(card)
        : h(
            "div.panel",
            {},
            empty(
              "No footage arrives by itself yet",
              "Add a Dropbox folder or a shared link; what appears in it becomes a batch within minutes.",
              data.configured
                ? null
                : h(
                    "div",
                    {},
                    "An account's folder also needs the app's keys: see ",
                    h("code", {}, "Dropbox"),
                    " in the README.",
                  ),
              h("button.main", { onclick: () => add.open() }, "Add a source"),
            ),
          ),
    );
    if (!rules.contains(place.getRootNode().activeElement)) mapping(data);
    if (!page.isConnected) fill(place, page);
  });
  const again = calmly(() => ask(model), 800);
  const stopLive = live((event) => /^(source|batch|back)/.test(event.kind) && again());
  const stopKeys = keys(place, {
    n: ["add a source", () => add.open()],
    r: ["read everything anew", () => ask(model)],
  });
  return () => {
    stopData();
    stopLive();
    stopKeys();
  };
}

/** The sheet by which a source is added. What was typed is kept until it is. */
function form(done) {
  const kept = (name, props) => {
    const made = h("input", {
      ...props,
      value: draft.get(`source.${name}`),
      oninput: () => draft.set(`source.${name}`, made.value),
    });
    return made;
  };
  const label = kept("label", { placeholder: "Match days", required: true }),
    link = kept("link", { placeholder: "https://www.dropbox.com/scl/fo/…", type: "url" });
  const folder = kept("folder", { placeholder: "/Footage/Incoming" }),
    account = kept("account", { placeholder: "dbid:…" }),
    token = h("input", { type: "password", autocomplete: "off", placeholder: "env:DROPBOX_REFRESH_TOKEN" });
  const tier = h(
    "select",
    {},
    ["hot", "warm", "cold"].map((one) => h("option", {}, one)),
  );
  const kind = h(
    "select",
    { onchange: () => turn() },
    h("option", { value: "shared_link" }, "A shared link"),
    h("option", { value: "account_folder" }, "A folder of an account"),
  );
  const asLink = h("label", {}, "Link", link),
    asFolder = h(
      "div.stack",
      {},
      h("label", {}, "Account", account),
      h("label", {}, "Folder (empty is the whole account)", folder),
      h("label", {}, "Refresh token: a reference, or the token itself, which is sealed", token),
    );
  const turn = () => {
    const isLink = kind.value === "shared_link";
    asLink.hidden = !isLink;
    asFolder.hidden = isLink;
    asLink.style.display = isLink ? "" : "none";
    asFolder.style.display = isLink ? "none" : "";
    link.required = isLink;
  };
  const button = h("button.main", {}, "Add");
  const dialog = h(
    "dialog",
    { "aria-label": "Add a source" },
    h(
      "form.stack",
      {
        onsubmit: async (event) => {
          event.preventDefault();
          const isLink = kind.value === "shared_link";
          const body = {
            label: label.value.trim(),
            kind: kind.value,
            storage_tier: tier.value,
            ...(isLink
              ? { source_url: link.value.trim() }
              : {
                  account_id: account.value.trim(),
                  folder_path: folder.value.trim(),
                  ...(token.value ? { refresh_token: token.value } : {}),
                }),
          };
          if (
            await attempt(
              button,
              () => api("POST", "/api/dropbox/sources", { body, key: fresh() }),
              "Added; it is looked at within minutes",
            )
          ) {
            for (const one of [label, link, folder, account, token]) {
              one.value = "";
              one.dispatchEvent(new Event("input"));
            }
            dialog.close();
            done();
          }
        },
      },
      h("h2", { style: { margin: 0 } }, "Add a source"),
      h("label", {}, "What people call it", label),
      h("label", {}, "Kind", kind),
      asLink,
      asFolder,
      h("label", {}, "Kept", tier),
      h(
        "div.row",
        {},
        button,
        h("button.bare", { type: "button", onclick: () => dialog.close() }, "Not now"),
      ),
    ),
  );
  turn();
  return {
    el: dialog,
    open: () => {
      dialog.showModal();
      label.focus();
    },
  };
}

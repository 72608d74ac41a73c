// The sheet by which a source is added. What was typed is kept until it is.
import { api, attempt, emptied, fresh, h, kept, options } from "../kit.js";

const KINDS = [
  ["shared_link", "A shared link"],
  ["account_folder", "A folder of an account"],
];
const TIERS = ["hot", "warm", "cold"].map((tier) => [tier, tier]);

/** A sheet. Returns {el, open()}; `done()` is called once a source was added. */
export function addingSheet({ done }) {
  const field = (name, props) => kept(`source.${name}`, h("input", props));
  const label = field("label", { placeholder: "Match days", required: true });
  const link = field("link", { placeholder: "https://www.dropbox.com/scl/fo/…", type: "url" });
  const folder = field("folder", { placeholder: "/Footage/Incoming" });
  const account = field("account", { placeholder: "dbid:…" });
  const secret = { type: "password", autocomplete: "off", placeholder: "sealed before it is stored" };
  const token = h("input", secret); // never kept
  const tier = h("select", {}, options(TIERS));
  const kind = h("select", { onchange: turn }, options(KINDS));
  const labelled = (words, input) => h("label", {}, words, input);
  const asLink = labelled("Link", link);
  const asFolder = h(
    "div.stack",
    {},
    labelled("Account", account),
    labelled("Folder (empty is the whole account)", folder),
    labelled("Refresh token (one by reference is set with editron sources add)", token),
  );
  const button = h("button.main", {}, "Add");

  const isLink = () => kind.value === "shared_link";
  /** Show the fields of the chosen kind. */
  function turn() {
    asLink.style.display = isLink() ? "" : "none";
    asFolder.style.display = isLink() ? "none" : "";
    link.required = isLink();
  }
  function where() {
    if (isLink()) return { source_url: link.value.trim() };
    const refresh = token.value ? { refresh_token: token.value } : {};
    return { account_id: account.value.trim(), folder_path: folder.value.trim(), ...refresh };
  }
  async function send(event) {
    event.preventDefault();
    const body = { label: label.value.trim(), kind: kind.value, storage_tier: tier.value, ...where() };
    const request = { body, key: fresh() };
    const words = "Added; it is looked at within minutes";
    if (!(await attempt(button, () => api("POST", "/api/dropbox/sources", request), words))) return;
    emptied(label, link, folder, account, token);
    dialog.close();
    done();
  }
  const form = h(
    "form.stack",
    { onsubmit: send },
    h("h2", { style: { margin: 0 } }, "Add a source"),
    labelled("What people call it", label),
    labelled("Kind", kind),
    asLink,
    asFolder,
    labelled("Kept", tier),
    h("div.row", {}, button, h("button.bare", { type: "button", onclick: () => dialog.close() }, "Not now")),
  );
  const dialog = h("dialog", { "aria-label": "Add a source" }, form);
  turn();

  function open() {
    dialog.showModal();
    label.focus();
  }
  return { el: dialog, open };
}

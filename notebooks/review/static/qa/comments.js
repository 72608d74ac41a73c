// What was said about a finding; what somebody types is kept until it was sent.
import { ago, api, attempt, draft, fill, fresh, gap, h } from "../kit.js";

/**
 * Comments and a field for one more. Returns {els, show(finding), open(finding)}; `again()` asks for them
 * anew.
 */
export function comments({ again }) {
  const said = h("div.stack", gap(10));
  const send = h("button", {}, "Comment");
  const props = { rows: 2, maxlength: 4000, placeholder: "Say something", "aria-label": "Comment" };
  const text = h("textarea", { ...props, oninput: () => draft.set(name(id), text.value) });
  let id = null;
  const name = (finding) => `finding.${finding}.comment`;

  async function talk(event) {
    event.preventDefault();
    const words = text.value.trim();
    if (!words) return;
    const about = id; // another finding may be open when the answer comes
    const request = { body: { text: words }, key: fresh() };
    if (!(await attempt(send, () => api("POST", `/api/findings/${about}/comments`, request)))) return;
    draft.set(name(about), "");
    if (id === about) text.value = "";
    again();
  }
  function show({ comments: all }) {
    fill(said, all.length ? all.map(comment) : h("div.dim.small", {}, "Nobody said anything yet."));
  }
  /** Another finding is opened: what was typed about it comes back. */
  function open(finding) {
    id = finding.id;
    text.value = draft.get(name(id));
  }
  const form = h("form.stack", gap(8, { onsubmit: talk }), text, h("div.row", {}, send));
  return { els: [h("h2", { style: { margin: 0 } }, "Comments"), said, form], show, open };
}

const comment = ({ author, at, text }) =>
  h(
    "div.said-by",
    {},
    h("div.small.dim", {}, `${author} · ${ago(at)}`),
    h("div", { style: { whiteSpace: "pre-wrap", overflowWrap: "anywhere" } }, text),
  );

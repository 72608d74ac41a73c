// The sheet on which a cut is rejected; its reason is kept until it was sent.
import { draft, h } from "../kit.js";

/** A sheet. Returns {el, open()}; `refuse(reason)` tells whether it was taken. */
export function rejecting({ desk, refuse }) {
  const name = () => `reject ${desk.cut.hash}`;
  const text = h("textarea", {
    rows: 4,
    maxlength: 2000,
    style: { width: "100%" },
    "aria-label": "Reason",
    placeholder: "Why? The next editor reads it.",
    oninput: () => draft.set(name(), text.value),
    onkeydown: (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    },
  });
  async function send(event) {
    event.preventDefault();
    const reason = text.value.trim();
    if (!reason) {
      text.focus();
      return;
    }
    const kept = name(); // another cut may be shown when the answer comes
    dialog.close();
    if (await refuse(reason)) draft.set(kept, "");
  }
  const form = h(
    "form.stack",
    { method: "dialog", onsubmit: send },
    h("h2", { style: { margin: 0 } }, "Reject this cut"),
    text,
    h(
      "div.row",
      {},
      h("button.bad", { "data-verb": "reject", type: "submit" }, "Reject"),
      h("button.bare", { type: "button", onclick: () => dialog.close() }, "Not yet"),
    ),
  );
  const dialog = h("dialog", {}, form);

  function open() {
    dialog.showModal();
    text.value = draft.get(name());
    text.focus();
  }
  return { el: dialog, open };
}

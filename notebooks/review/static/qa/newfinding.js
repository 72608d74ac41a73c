// The sheet by which a finding is written down. What was typed is kept until it is.
import { api, attempt, emptied, fill, fresh, h, kept, options } from "../kit.js";

/** A sheet. Returns {el, open()}; `dataOf()` is all of the board, `done(id)` is told what was made. */
export function newFinding({ dataOf, done }) {
  const field = (name, made) => kept(`finding.new.${name}`, made);
  const title = field("title", h("input", { required: true, maxlength: 200, placeholder: "In one line" }));
  const text = field("text", h("textarea", { rows: 4, maxlength: 4000 }));
  const locale = field("locale", h("input", { maxlength: 80, placeholder: "de" }));
  const genre = field("genre", h("input", { maxlength: 80, placeholder: "sport" }));
  const assignee = h("select");
  const due = h("input", { type: "date" });
  const button = h("button.main", {}, "Report");

  async function send(event) {
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
    if (!made) return;
    emptied(title, text, locale, genre);
    dialog.close();
    done(made.data.id);
  }
  const labelled = (words, input) => h("label", {}, words, input);
  const form = h(
    "form.stack",
    { onsubmit: send },
    h("h2", { style: { margin: 0 } }, "New finding"),
    labelled("What is not as it should be", title),
    labelled("More about it", text),
    h(
      "div.fields",
      {},
      labelled("Locale", locale),
      labelled("Genre", genre),
      labelled("Assignee", assignee),
      labelled("Due", due),
    ),
    h("div.row", {}, button, h("button.bare", { type: "button", onclick: () => dialog.close() }, "Not now")),
  );
  const dialog = h("dialog", { "aria-label": "New finding" }, form);

  function open() {
    const people = dataOf().members.map((member) => [member.id, member.name]);
    fill(assignee, options([["", "nobody"], ...people]));
    dialog.showModal();
    title.focus();
  }
  return { el: dialog, open };
}

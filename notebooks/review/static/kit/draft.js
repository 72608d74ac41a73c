// What somebody typed and has not sent yet outlives a reload.

const under = (name) => `draft:${name}`;

/** Texts by name, kept in this browser; an empty one is none. */
export const draft = {
  get: (name) => localStorage.getItem(under(name)) ?? "",
  set: (name, text) =>
    text ? localStorage.setItem(under(name), text) : localStorage.removeItem(under(name)),
  /** What was kept as JSON, or null; what cannot be read is dropped. */
  parsed(name) {
    try {
      return JSON.parse(draft.get(name) || "null");
    } catch {
      draft.set(name, "");
      return null;
    }
  },
};

/** A field whose text is kept under this name until it is sent: kept("brief", h("input")). */
export function kept(name, field) {
  field.value = draft.get(name);
  field.addEventListener("input", () => draft.set(name, field.value));
  return field;
}

/** Empty these fields, and what was kept of them. */
export function emptied(...fields) {
  for (const field of fields) {
    field.value = "";
    field.dispatchEvent(new Event("input"));
  }
}

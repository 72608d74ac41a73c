// The form that starts a run from a path, an address or a Dropbox link.
import { api, attempt, emptied, fresh, h, kept } from "../kit.js";

const WHERE = "A folder on the server, an address, or a Dropbox link";
const WHAT = "What is wanted, in words (optional)";

/** A form. Returns {el, focus()}; `done()` is called once a run has begun. */
export function startForm({ done }) {
  const field = (name, label, placeholder) =>
    kept(name, h("input.grow", { "aria-label": label, placeholder }));
  const source = field("source", "Where the footage is", WHERE);
  const brief = field("brief", "Brief", WHAT);
  const button = h("button.main", {}, "Start a run");
  let wish = null; // the same wish sent twice, after a fault, is one run

  async function send(event) {
    event.preventDefault();
    const body = { sources: [source.value.trim()], order: { brief: brief.value.trim() } };
    if (!body.sources[0]) {
      source.focus();
      return;
    }
    const words = JSON.stringify(body);
    if (wish?.words !== words) wish = { words, key: fresh() };
    const request = { body, key: wish.key };
    if (!(await attempt(button, () => api("POST", "/api/batches", request), "The run has begun"))) return;
    wish = null;
    emptied(source, brief);
    done();
  }
  return { el: h("form.panel.row", { onsubmit: send }, source, brief, button), focus: () => source.focus() };
}

// All that changes a cut or says a word about it, one after the other.
import { api, ask, attempt, rational, say } from "../kit.js";
import { SAID } from "./words.js";

const CLOSE_S = 1e-6;

/** One change after the other: what is pressed meanwhile waits until what came of the last is shown. */
function queue() {
  let last = Promise.resolve();
  return (change) =>
    (...given) => {
      const next = () => change(...given);
      return (last = last.then(next, next));
    };
}

/**
 * Which clip and its successor are one stretch of a file: that of this number, or the one before; else null.
 */
export function joining(clips, index) {
  const joins = (one, next) =>
    !!(one?.file && next && one.file === next.file && Math.abs(one.to - next.from) < CLOSE_S);
  const first = [index, index - 1].find((at) => joins(clips?.[at], clips?.[at + 1]));
  return first ?? null;
}

/**
 * What can be done to the cut on the desk. `desk` says what is shown when a change has its turn;
 * `button(verb)` is what was pressed for it, and `toClip` goes to a clip.
 */
export function changes({ model, desk, trim, play, button, toClip }) {
  const turn = queue();

  /** Every change goes through here: what was shown is named, and what came of it is shown. */
  async function act(verb, more, words) {
    const { cut, may } = desk;
    if (!may) say("Your key may look but not decide.", "bad");
    if (!cut || !may) return null;
    const body = more ? { timeline: cut.timeline, ...more } : undefined;
    const send = () =>
      api("POST", `/api/sessions/${cut.session}/${verb}`, { body, etag: `"${cut.version}"` });
    const found = await attempt(button(verb), send, words);
    // Whether it worked or somebody was quicker: look at it as it is now.
    await ask(model, { session: found?.data?.id ?? cut.session, timeline: cut.timeline });
    return found;
  }

  function approve() {
    if (desk.cut?.mine === "approve") return say("You have approved it as it is.");
    return act("approve", { note: "" }, "Approved");
  }
  function retime() {
    if (!trim.dirty()) return say("Move an end first: I sets the in, O the out.");
    const [start, end] = trim.span().map(rational);
    return act("retime", { clip: desk.chosen, start, end }, "Trimmed: what follows moved");
  }
  function merge() {
    const clip = joining(desk.full?.clips, desk.chosen);
    if (clip === null) return say("Neither neighbour goes on where this clip ends in its file.");
    return act("merge", { clip }, "Merged");
  }
  async function shift(by) {
    const to = desk.chosen + by;
    if (!desk.full || to < 0 || to >= desk.full.clips.length) return;
    if (await act("move", { clip: desk.chosen, to }, "Moved")) toClip(to);
  }
  function undo() {
    const { cut } = desk;
    if (!cut) return null;
    if (trim.dirty()) return trim.reset();
    if (cut.mine) return act("withdraw", {}, `Taken back: you have not ${SAID[cut.mine]} it`);
    return cut.undo ? act("undo", null, "Back to how it was before") : say("There is nothing to undo.");
  }
  const splitAt = turn((at) => act("split", { at }, "Split"));
  return {
    approve: turn(approve),
    refuse: turn((reason) => act("reject", { reason }, "Rejected")),
    retime: turn(retime),
    /** Where the playhead stands now, not where it will when this has its turn. */
    split: () => splitAt(rational(play.time())),
    merge: turn(merge),
    remove: turn(() => act("remove", { clip: desk.chosen }, "Taken out: what follows moved up")),
    shift: turn(shift),
    undo: turn(undo),
  };
}

// How a cut stands and what was done to it, in words.
import { chip } from "../kit.js";

const STATES = { approved: "approved", rejected: "rejected", unsigned: "ready_for_review" };
const HOW = {
  trim: "trimmed",
  extend: "made longer",
  split: "split",
  merge: "merged",
  remove: "shortened by a clip",
  move: "reordered",
  captions: "given other captions",
};

/** What somebody did, by their verdict. */
export const SAID = { approve: "approved", reject: "rejected", trim: "trimmed" };

/** How a cut was changed, by the word of the store. */
export const changedHow = (how, unless = "changed") => HOW[how] ?? unless;

/** A chip that says how a cut stands. */
export const standing = (cut) => chip(STATES[cut.standing], standingWords(cut));

function standingWords({ standing, approved, missing }) {
  if (standing !== "unsigned") return standing;
  return approved.length ? `${approved.length} of ${approved.length + missing}` : "to review";
}

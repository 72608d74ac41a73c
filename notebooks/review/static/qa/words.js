// Readings and findings in words.
import { counted } from "../kit.js";

const NAMES = { und: "not known", zxx: "no speech", "": "any" };

/** A locale or a genre. */
export const named = (code) => NAMES[code] ?? code;

/** The locale and the genre that something is about, or "". */
export const kindOf = ({ locale, genre }) => [locale, genre].filter(Boolean).map(named).join(", ");

/** How many readings a cell of the map holds, and how many of them changed. */
export const readingsOf = (cell) => `${counted(cell.readings, "reading")}, ${cell.changed} changed`;

/** A measured number, no longer than it has to be. */
export function figure(value) {
  if (value === null || value === undefined) return "";
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}

/** A state of a finding. */
export const stateWords = (state) => state.replaceAll("_", " ");

/** A day in the year: "3 Mar". */
export const day = (iso) =>
  new Date(`${iso}T00:00`).toLocaleDateString(undefined, { day: "numeric", month: "short" });

/** Whether somebody should have looked after a finding before today. */
export function isLate({ due, status }) {
  const today = new Date().toLocaleDateString("sv"); // as ISO has it
  return due && status !== "done" && due < today;
}

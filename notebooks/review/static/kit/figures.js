// Numbers as people read them.

const UNITS = ["B", "KB", "MB", "GB", "TB"];

/** Bytes: "12.3 MB". */
export function size(bytes) {
  let n = bytes ?? 0;
  let unit = 0;
  while (n >= 1000 && unit < UNITS.length - 1) {
    n /= 1000;
    unit++;
  }
  return `${unit ? n.toFixed(1) : n} ${UNITS[unit]}`;
}

/** Seconds as on a player: "1:02:03.4", "2:03.4". */
export function clock(s, digits = 1) {
  if (s === null || s === undefined) return "";
  const whole = Math.max(0, s);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const seconds = (whole % 60).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
}

const AGES = [
  [86400, "d"],
  [3600, "h"],
  [60, "min"],
];

/** How long since this instant: "3 h ago". */
export function ago(iso) {
  if (!iso) return "";
  const s = (Date.now() - Date.parse(iso)) / 1000;
  const age = AGES.find(([seconds]) => s >= seconds);
  return age ? `${Math.floor(s / age[0])} ${age[1]} ago` : "just now";
}

/** "1 clip", "2 clips", "2 people". */
export const counted = (n, word, many = `${word}s`) => `${n} ${n === 1 ? word : many}`;

/** A share as CSS and people write it: 0.25 is "25%". */
export const percent = (share) => `${100 * share}%`;

/** Seconds as the API takes them where they have to be exact: "1234000/1000000". */
export const rational = (seconds) => `${Math.round(seconds * 1e6)}/1000000`;

/** `n`, but no less than `low`, and no more than `high` where that leaves room. */
export const clamp = (n, low, high) => Math.max(low, Math.min(n, high));

// What happens on the server, told to every view that listens, over one connection.

const AGAIN_MS = 3000;
const listeners = new Set();
let source = null;

/** Hear what happens on the server: `hear({kind, batch_id, subject_id, data})`. Returns how to stop. */
export function live(hear) {
  listeners.add(hear);
  open();
  return () => {
    listeners.delete(hear);
    if (listeners.size) return;
    source?.close();
    source = null;
  };
}

/** Tell all who listen. */
export const tell = (event) => listeners.forEach((hear) => hear(event));

function open() {
  if (source) return;
  const opened = new EventSource("/api/events");
  opened.onmessage = told;
  opened.addEventListener("event", told);
  opened.onerror = () => {
    // The browser connects again by itself, unless the server refused.
    if (opened.readyState !== EventSource.CLOSED || source !== opened) return;
    source = null;
    setTimeout(() => listeners.size && open(), AGAIN_MS);
  };
  source = opened;
}

function told(message) {
  let event;
  try {
    event = JSON.parse(message.data);
  } catch {
    return; // a sign of life
  }
  tell(event);
}

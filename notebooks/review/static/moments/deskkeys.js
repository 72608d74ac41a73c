// The keys of the desk.

const SNAP_S = 0.25;
const LEAP = 10;

/** The table of keys; see `keys` of the kit. */
export function deskKeys({ desk, trim, view, changes, toClip, chooseNext, reject }) {
  const { play, all } = view;
  const frames = (way) => (event) => all((one) => one.step(event.shiftKey ? way * LEAP : way));
  const end = (which) => () => {
    const clip = desk.clip();
    if (clip) trim.set(which, clip.from + play.time() - clip.at, SNAP_S);
  };
  return {
    " ": ["play or pause", view.toggle],
    j: ["backwards, faster with each press", () => all((one) => one.shuttle(-1))],
    k: ["stop", () => all((one) => one.stop())],
    l: ["forwards, faster with each press", () => all((one) => one.shuttle(1))],
    ArrowLeft: ["a frame back (with Shift ten)", frames(-1)],
    ArrowRight: ["a frame on (with Shift ten)", frames(1)],
    ArrowUp: ["clip before", () => toClip(desk.chosen - 1)],
    ArrowDown: ["next clip", () => toClip(desk.chosen + 1)],
    Home: ["play the cut", view.playCut],
    c: ["play the clip", view.playClip],
    "[": ["cut before", () => chooseNext(-1)],
    "]": ["next cut", () => chooseNext(1)],
    a: ["approve", changes.approve],
    r: ["reject, with the reason", reject],
    i: ["in: the clip begins here", end("start")],
    o: ["out: the clip ends here", end("end")],
    Enter: ["apply the trim", () => trim.dirty() && changes.retime()],
    Escape: ["leave the ends as they were", trim.reset],
    s: ["split here", changes.split],
    m: ["merge with the clip that goes on", changes.merge],
    x: ["take the clip out", changes.remove],
    "<": ["clip earlier", () => changes.shift(-1)],
    ">": ["clip later", () => changes.shift(1)],
    u: ["undo", changes.undo],
    v: ["compare with the next clip", view.compareNext],
  };
}

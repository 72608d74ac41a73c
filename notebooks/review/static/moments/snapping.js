// What an end of a clip snaps to when it is moved.

/**
 * The best within `reach` seconds of `t`: a shot before a sentence before a word before where the end was.
 * `which` end it is: "start" or "end". Returns {at, to} or null; `to` names what was found.
 */
export function snap(clip, which, t, reach) {
  const near = candidates(clip, which).filter((one) => Math.abs(one.at - t) <= reach);
  near.sort((a, b) => a.rank - b.rank || Math.abs(a.at - t) - Math.abs(b.at - t));
  return near[0] ?? null;
}

function candidates(clip, which) {
  const begin = which === "start";
  const shots = clip.shots.map((at) => ({ at, to: "shot", rank: 0 }));
  const words = clip.words.map(([, from, to, begins, ends]) => {
    const sentence = begin ? begins : ends;
    return { at: begin ? from : to, to: sentence ? "sentence" : "word", rank: sentence ? 1 : 2 };
  });
  return [...shots, ...words, { at: begin ? clip.from : clip.to, to: "as it was", rank: 3 }];
}

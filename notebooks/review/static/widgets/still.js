// A picture that the server draws on wish, again and again.

/**
 * Draws one picture after the other; an answer that a later wish overtook is dropped. `onpicture` is given
 * the address of the picture, `onproblem` why there is none: what the server said, or `unless` where it said
 * nothing.
 */
export function stills({ onpicture, onproblem, unless, away }) {
  let wishes = 0;
  let shown = null;

  async function draw(send) {
    const mine = ++wishes;
    try {
      const answer = await send();
      if (mine !== wishes) return;
      if (!answer.ok) {
        const problem = await answer.json().catch(() => ({}));
        onproblem(problem.detail ?? problem.title ?? unless);
        return;
      }
      const before = shown;
      shown = URL.createObjectURL(await answer.blob());
      onpicture(shown);
      if (before) URL.revokeObjectURL(before);
    } catch {
      if (mine === wishes) onproblem(away);
    }
  }
  return { draw, any: () => shown !== null, stop: () => shown && URL.revokeObjectURL(shown) };
}

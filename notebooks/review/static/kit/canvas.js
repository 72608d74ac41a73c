// What everything drawn on a canvas needs: sharpness, one drawing a frame, and numbers that came as bytes.

/** The type that is written on canvases. */
export const TYPE = '12px "Source Sans Pro", system-ui, sans-serif';

/** Numbers of 0 to 255, out of the text as which the Python side sends them. */
export function bytes(text) {
  const raw = atob(text ?? "");
  return Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
}

/** Make a canvas so large in CSS pixels, and as sharp as the screen is. */
export function fit(canvas, width, height) {
  const ratio = devicePixelRatio || 1;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
}

/** Draw with the next frame, once, however often it is wished for until then. */
export function onceAFrame(draw) {
  let pending = null;
  return () => {
    pending ??= requestAnimationFrame(() => {
      pending = null;
      draw();
    });
  };
}

/** Fill a rectangle. */
export function block(pen, colour, x, y, width, height) {
  pen.fillStyle = colour;
  pen.fillRect(x, y, width, height);
}

/** The greatest of `values` from one place up to before another; 0 where there are none. */
export function peak(values, first, end) {
  let most = 0;
  for (let i = Math.max(0, first); i < Math.min(values.length, end); i++) most = Math.max(most, values[i]);
  return most;
}

/** Where on an element the pointer is, in CSS pixels. */
export function pointerAt(element, event) {
  const box = element.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}

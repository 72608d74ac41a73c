"use strict";
const clock = (s) => `${Math.floor(s / 60)}:${(s % 60).toFixed(1).padStart(4, "0")}`;
for (const plot of document.querySelectorAll(".plot")) {
  const lanes = plot.querySelector(".lanes");
  const field = plot.querySelector(".over .field");
  const cursor = plot.querySelector(".cursor");
  const now = plot.querySelector(".now");
  const duration = Number(plot.dataset.duration);
  const readings = [...plot.querySelectorAll("[data-values]")].map((cell) => ({
    cell, step: Number(cell.dataset.step), values: JSON.parse(cell.dataset.values),
  }));
  lanes.addEventListener("pointermove", (event) => {
    const box = field.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    cursor.hidden = false;
    cursor.style.left = `${share * 100}%`;
    now.textContent = clock(share * duration);
    for (const { cell, step, values } of readings) {
      const value = values[Math.min(values.length - 1, Math.floor((share * duration) / step))];
      cell.textContent = value === null || value === undefined ? "–" : value.toFixed(2);
    }
  });
  plot.dataset.ready = "";
  lanes.addEventListener("pointerleave", () => {
    cursor.hidden = true;
    now.textContent = "";
    for (const { cell } of readings) cell.textContent = "";
  });
}
for (const video of document.querySelectorAll("video")) {
  video.addEventListener("play", () => {
    for (const other of document.querySelectorAll("video")) if (other !== video) other.pause();
  });
}
for (const band of document.querySelectorAll(".band")) {
  band.addEventListener("click", () => {
    const video = document.querySelector(`${band.getAttribute("href")} video`);
    if (video) { video.currentTime = 0; video.play(); }
  });
}

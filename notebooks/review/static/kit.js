// What every view is made of, from one address. What only one app needs lies in the folder of its name.
export * from "./kit/api.js";
export * from "./kit/canvas.js";
export * from "./kit/dom.js";
export * from "./kit/draft.js";
export * from "./kit/figures.js";
export * from "./kit/keys.js";
export { live } from "./kit/live.js";
export * from "./kit/model.js";
export { say } from "./kit/notices.js";
export * from "./kit/parts.js";

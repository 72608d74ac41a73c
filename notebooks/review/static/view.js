// The one widget that marimo sees: it loads the module that draws a view. A module beside this one draws an app,
// and the folder of its name holds what only that app is made of; `kit` and `widgets` are for all.

const FAILED =
  "This page could not be drawn. Load it anew; if that does not help, the server's log and the browser's " +
  "console say why.";

export default {
  /** Draw the view that the model names: a module beside this one. */
  async render({ model, el }) {
    try {
      const module = await import(model.get("module"));
      return module.render({ model, el });
    } catch (error) {
      el.textContent = FAILED;
      throw error;
    }
  },
};

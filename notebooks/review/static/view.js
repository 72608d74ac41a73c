// The one widget that marimo sees: it loads the module that draws a view.
export default {
  async render({ model, el }) {
    try {
      const module = await import(`/apps/static/${model.get("module")}.js`);
      return module.render({ model, el });
    } catch (error) {
      el.textContent =
        "This page could not be drawn. Load it anew; if that does not help, the server's log and the browser's console say why.";
      throw error;
    }
  },
};

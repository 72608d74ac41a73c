// The one widget that marimo sees: it loads the module that draws a view.
export default {
  async render({ model, el }) {
    const module = await import(`/apps/static/${model.get("module")}.js`);
    return module.render({ model, el });
  },
};

// Tabulator builds its table a moment after the view was drawn. New columns and
// patches in between throw, and new data are lost, so that a table would go on showing
// what it was made with. Such a table takes over what it missed as soon as it is built.
// Panel's scripts are loaded after this one, and before the page begins to draw.
document.addEventListener("DOMContentLoaded", () => {
  const view = Bokeh.Models.get("panel.models.tabulator.DataTabulator").prototype.default_view.prototype
  const {render, setData, updateOrAddData, tableBuilt} = view
  view.render = function () {
    render.call(this)
    const {tabulator} = this
    const usual = tabulator.setColumns
    this.late = false
    tabulator.setColumns = (columns) => {
      if (tabulator.initialized) usual.call(tabulator, columns)
      else this.late = true
    }
  }
  view.setData = function () {
    if (this._initializing || this._building) this.late = true
    return setData.call(this)
  }
  view.updateOrAddData = function () {
    if (this._initializing || this._building || !this.tabulator.initialized) this.late = true
    else updateOrAddData.call(this)
  }
  view.tableBuilt = function () {
    tableBuilt.call(this)
    if (!this.late) return
    this.late = false
    this.tabulator.setColumns(this.getColumns())
    void this.setData().then(() => this.postUpdate())
  }
})

// Bokeh adds the view of a new plot to its container first and lays it out some steps
// later. A container whose size changes in between (a panel opens, a tab turns, the
// scroll bar goes) measures a plot that has no layout yet, and throws. Such a plot can
// wait: it is measured as soon as it has its layout.
{
  const plot = Bokeh.Models.get("Plot").prototype.default_view.prototype
  for (const step of ["_measure_layout", "_after_layout"]) {
    const usual = plot[step]
    plot[step] = function () {
      if (this.layout != null) usual.call(this)
    }
  }
}

// Draws long casts with less: of samples that look alike and fall on the same pixel one is
// drawn, and a line leaves out bends that are finer than half a pixel. That is decided each
// time a plot is painted, so that a closer look shows all there is; what is picked, and all
// that is computed, goes by the samples and not by what is drawn.

const FINEST = 0.5 // px
const FAR = 32768 // px, wider than any screen

// Returns the samples that show something of their own; `look` tells those apart that differ.
function that_show(indices, sx, sy, look) {
  const scale = globalThis.devicePixelRatio || 1
  const seen = new Set()
  const shown = []
  for (const i of indices) {
    const x = Math.round(sx[i] * scale), y = Math.round(sy[i] * scale)
    // What is not known, or far away, is told apart by nobody.
    const near = Math.abs(x) < FAR && Math.abs(y) < FAR
    const place = near ? ((y + FAR) * 2 * FAR + x + FAR) * 1024 + look(i) : -1 - i
    if (seen.has(place)) continue
    seen.add(place)
    shown.push(i)
  }
  return shown
}

function once_a_pixel(view, source) {
  const paint = view._paint
  const looks = new Map()
  view._paint = function (ctx, indices, data) {
    const {sx, sy} = {...this, ...data}
    const {marker, fill_color} = this.model
    const markers = source.data[marker.field], colours = source.data[fill_color.field]
    let last = -1, number = 0
    const look = (i) => {
      if (last < 0 || markers[i] !== markers[last] || colours[i] !== colours[last]) {
        const name = `${markers[i]} ${colours[i]}`
        if (!looks.has(name)) looks.set(name, looks.size)
        number = looks.get(name)
        last = i
      }
      return number
    }
    return paint.call(this, ctx, that_show(indices, sx, sy, look), data)
  }
}

function without_fine_bends(view) {
  view._paint = function (ctx, indices, data) {
    const {sx, sy} = {...this, ...data}
    let x = NaN, y = NaN, left_out = -1
    const end = () => {
      if (left_out >= 0) ctx.lineTo(sx[left_out], sy[left_out])
      left_out = -1
    }
    ctx.beginPath()
    for (const i of indices) {
      if (!Number.isFinite(sx[i] + sy[i])) {
        end()
        x = NaN
      } else if (Math.abs(sx[i] - x) < FINEST && Math.abs(sy[i] - y) < FINEST) {
        left_out = i
      } else {
        if (Number.isNaN(x)) ctx.moveTo(sx[i], sy[i])
        else ctx.lineTo(sx[i], sy[i])
        ;[x, y, left_out] = [sx[i], sy[i], -1]
      }
    }
    end()
    this.visuals.line.set_value(ctx)
    ctx.stroke()
  }
}

// Bokeh picks what a filter lets through number by number, for each column and look of a glyph.
// Without a filter that is a copy of the column.
function take_all(view, renderer) {
  if (view?.model.filter.type !== "AllIndices" || !view.compute_indices) return
  view.compute_indices = function () {
    const {constructor} = this.model.indices
    const all = constructor.all_set(renderer.data_source.get_length() ?? 1)
    all.select = (array) => (array.length === all.size && array.slice ? array.slice() : constructor.prototype.select.call(all, array))
    this.model.indices = all
    this.model._indices_map_to_subset()
  }
}

// Makes the views of a plot draw so; those that do already stay. Where Bokeh is another than
// expected it draws everything, as it would by itself.
function lighten(plot) {
  for (const [model, view] of globalThis.Bokeh?.index?.find_one(plot)?.renderer_views ?? []) {
    if (view.light || model.type !== "GlyphRenderer") continue
    view.light = true
    take_all(view.cds_view, model)
    if (model.glyph.type === "Line" && view.glyph._paint) without_fine_bends(view.glyph)
    if (!model.name?.startsWith("desk-drawn")) continue
    for (const glyph of [view.glyph, view.selection_glyph, view.nonselection_glyph]) {
      if (glyph?._paint) once_a_pixel(glyph, model.data_source)
    }
  }
}

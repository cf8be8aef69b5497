// Land and shore are the same from map to map: they are drawn once for each view and then laid
// over each new field as a picture. Drawn anew they would take most of the time of a step.

const FINE = 0.4 // px; bends that are finer are left out

function land_path(ctx, sx, sy) {
  ctx.beginPath()
  let begun = false, x = 0, y = 0
  // Filling closes each ring by itself; to close them one by one takes ten times as long.
  for (let i = 0; i < sx.length; i++) {
    if (!Number.isFinite(sx[i] + sy[i])) {
      begun = false
    } else if (!begun) {
      ctx.moveTo(sx[i], sy[i])
      begun = true
      ;[x, y] = [sx[i], sy[i]]
    } else if (Math.abs(sx[i] - x) >= FINE || Math.abs(sy[i] - y) >= FINE) {
      ctx.lineTo(sx[i], sy[i])
      ;[x, y] = [sx[i], sy[i]]
    }
  }
}

function keep_picture(plot, renderer, glyph, look) {
  if (glyph.sdcviz_keeps) return
  glyph.sdcviz_keeps = true
  const plain = glyph._paint
  const paint = renderer.name !== "land" ? plain : function (ctx, indices, data) {
    const {sx, sy} = {...this, ...data}
    land_path(ctx, sx, sy)
    this.visuals.fill.apply(ctx)
  }
  let canvas = null, drawn = "", from = null
  glyph._paint = function (ctx, indices, data) {
    const {x_range: x, y_range: y} = plot, {width, height} = ctx.canvas
    const key = [x.start, x.end, y.start, y.end, width, height, look(glyph.model)].join()
    if (key !== drawn || from !== renderer.data_source.data) {
      canvas ??= document.createElement("canvas")
      canvas.width = width
      canvas.height = height
      const own = canvas.getContext("2d")
      own.setTransform(ctx.getTransform())
      paint.call(this, own, indices, data)
      drawn = key
      from = renderer.data_source.data
    }
    ctx.save()
    ctx.setTransform(1, 0, 0, 1, 0, 0)
    ctx.drawImage(canvas, 0, 0)
    ctx.restore()
  }
}

// Where Bokeh is another than expected it draws everything, as it would by itself.
function keep_ground(plot, view) {
  for (const [renderer, drawn] of view.renderer_views ?? []) {
    const {glyph} = drawn
    if (renderer.level !== "underlay" || !glyph?._paint || !glyph.visuals) continue
    const colour = (spec) => JSON.stringify(spec?.value ?? spec ?? null)
    const look = (model) => colour(renderer.name === "land" ? model.fill_color : model.line_color)
    keep_picture(plot, renderer, glyph, look)
  }
}

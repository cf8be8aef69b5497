// Lines, bands, dots and bars of one panel.

function drawLayers(c, panel, f, look) {
  c.save()
  c.beginPath()
  c.rect(f.left, f.top, f.right - f.left, f.bottom - f.top)
  c.clip()
  for (const layer of panel.layers) {
    if (layer.type === "band") drawBand(c, layer, f, look)
    else if (layer.type === "line") drawLine(c, layer, f, look, panel)
    else if (layer.type === "contour") drawContour(c, layer, f, look)
    else drawDots(c, layer, f, look, panel)
  }
  if (panel.kind === "bars") drawBars(c, panel, f, look)
  c.restore()
}

function drawBand(c, layer, f, look) {
  const across = Boolean(layer.x0)
  const along = across ? layer.y : layer.x, first = across ? layer.x0 : layer.y0, last = across ? layer.x1 : layer.y1
  const at = (v, k) => across ? [f.x.px(v[k]), f.y.px(along[k])] : [f.x.px(along[k]), f.y.px(v[k])]
  c.fillStyle = look.band
  let run = []
  const close = () => {
    if (run.length > 1) {
      c.beginPath()
      for (const k of run) c.lineTo(...at(first, k))
      for (const k of run.toReversed()) c.lineTo(...at(last, k))
      c.fill()
    }
    run = []
  }
  for (let k = 0; k < along.length; k += 1) {
    if (Number.isFinite(first[k] + last[k])) run.push(k)
    else close()
  }
  close()
}

function drawLine(c, layer, f, look, panel) {
  const x = layer.second ? new Scale(panel.second, f.left, f.right) : f.x
  c.strokeStyle = layer.second ? look.second : look.brand
  c.fillStyle = c.strokeStyle
  c.lineWidth = layer.second ? 1.2 : 1.8
  c.setLineDash(layer.second ? [4, 3] : [])
  c.beginPath()
  let open = false
  for (let k = 0; k < layer.x.length; k += 1) {
    const there = Number.isFinite(layer.x[k] + layer.y[k])
    if (there) c[open ? "lineTo" : "moveTo"](x.px(layer.x[k]), f.y.px(layer.y[k]))
    open = there
  }
  c.stroke()
  c.setLineDash([])
  if (!layer.points || layer.x.length > 80) return
  for (let k = 0; k < layer.x.length; k += 1) {
    if (!Number.isFinite(layer.x[k] + layer.y[k])) continue
    c.beginPath()
    c.arc(x.px(layer.x[k]), f.y.px(layer.y[k]), 2.4, 0, 7)
    c.fill()
  }
}

function drawContour(c, layer, f, look) {
  c.strokeStyle = look.shore
  c.globalAlpha = 0.7
  c.lineWidth = 0.8
  c.setLineDash([4, 3])
  c.beginPath()
  let open = false
  for (let k = 0; k < layer.x.length; k += 1) {
    const there = Number.isFinite(layer.x[k])
    if (there) c[open ? "lineTo" : "moveTo"](f.x.px(layer.x[k]), f.y.px(layer.y[k]))
    open = there
  }
  c.stroke()
  c.setLineDash([])
  c.globalAlpha = 1
  c.font = LETTERS
  c.fillStyle = look.quiet
  c.textAlign = "right"
  c.textBaseline = "top"
  for (const [x, y, text] of layer.labels) c.fillText(text, f.x.px(x), f.y.px(y))
}

function drawDots(c, layer, f, look, panel) {
  const colour = layer.c && panel.colour ? colourer(panel.colour) : null
  const size = layer.square ? (layer.x.length > 150 ? 2.2 : 3.8) : layer.small ? 1.7 : colour ? (layer.x.length > 800 ? 2 : 2.8) : 2.1
  const many = layer.x.length > 800
  c.lineWidth = many ? 0.5 : 0.9
  for (let k = 0; k < layer.x.length; k += 1) {
    const x = f.x.px(layer.x[k]), y = f.y.px(layer.y[k])
    if (!Number.isFinite(x + y)) continue
    if (f.x.axis.beyond && !f.x.inside(x)) {
      arrow(c, look, x < f.left ? [f.left + 1, y, 6, 0] : [f.right - 1, y, -6, 0])
      continue
    }
    if (f.y.axis.beyond && !f.y.inside(y)) {
      arrow(c, look, y < f.top ? [x, f.top + 1, 0, 6] : [x, f.bottom - 1, 0, -6])
      continue
    }
    c.fillStyle = colour ? colour(layer.c[k]) : look.dot
    if (layer.bad && layer.bad[k]) {
      c.strokeStyle = look.bad
      line(c, x - 2.5, y - 2.5, x + 2.5, y + 2.5)
      line(c, x - 2.5, y + 2.5, x + 2.5, y - 2.5)
      continue
    }
    c.beginPath()
    if (layer.square) c.rect(x - size, y - size, 2 * size, 2 * size)
    else c.arc(x, y, size, 0, 7)
    c.fill()
    if (colour && !layer.small) {
      c.strokeStyle = layer.square ? look.ink : many ? look.faint : look.edge
      c.stroke()
    }
  }
}

// An observation beyond the axis: a triangle that points to it.
function arrow(c, look, [x, y, dx, dy]) {
  c.fillStyle = look.bad
  c.beginPath()
  c.moveTo(x, y)
  c.lineTo(x + dx - dy * 0.6, y + dy - dx * 0.6)
  c.lineTo(x + dx + dy * 0.6, y + dy + dx * 0.6)
  c.fill()
}

function drawBars(c, panel, f, look) {
  c.fillStyle = look.brand
  panel.bars.forEach((v, k) => {
    const a = f.x.px(panel.edges[k]), b = f.x.px(panel.edges[k + 1]), y = f.y.px(v)
    c.globalAlpha = 0.75
    c.fillRect(a + 0.5, y, Math.max(1, b - a - 1), f.bottom - y)
  })
  c.globalAlpha = 1
}

// Drawing of one panel on a canvas.

const LOOKS = {
  light: {ink: "#46555e", quiet: "#52646f", line: "#dde4e8", land: "#d9d5ca", shore: "#8b8778", brand: "#0b5a78", band: "rgba(11, 90, 120, 0.16)",
    dot: "rgba(214, 106, 44, 0.6)", edge: "rgba(255, 255, 255, 0.85)", faint: "rgba(255, 255, 255, 0.4)", paper: "#ffffff", halo: "rgba(255, 255, 255, 0.75)", mask: "#eef2f4", hatch: "#c9d3d9", bad: "#b3261e", here: "#ff3d7f", second: "#8a5300"},
  dark: {ink: "#a9b8c1", quiet: "#9fb1bb", line: "#2a343b", land: "#333b40", shore: "#66727a", brand: "#7cc4da", band: "rgba(124, 196, 218, 0.2)",
    dot: "rgba(240, 160, 96, 0.62)", edge: "rgba(255, 255, 255, 0.75)", faint: "rgba(255, 255, 255, 0.35)", paper: "#12181d", halo: "rgba(6, 10, 14, 0.75)", mask: "#1a2228", hatch: "#36434b", bad: "#ff8a80", here: "#ff5c93", second: "#f0b45b"},
}
// Out of the range of colours, as on the map.
const OUT_OF_RANGE = {below: "#00c2d1", above: "#ff3fd0"}
const LETTERS = "11px Roboto, system-ui, sans-serif"

function colourer(colour) {
  const n = colour.palette.length
  const s = new Scale(colour, 0, n, {stretched: colour.stretched})
  return (v) => v < colour.low ? OUT_OF_RANGE.below : v > colour.high ? OUT_OF_RANGE.above : colour.palette[Math.min(n - 1, Math.floor(s.px(v)))]
}

function paletteBytes(palette) {
  return palette.map((hex) => [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16)))
}

// Places of the parts of a panel in its canvas.
function frameOf(panel, width, height, {deepest, stretched}) {
  const texts = panel.y.is === "time" ? (panel.y.dated ? ["2000-01-01"] : panel.y.steps) : roundTicks(panel.y.low, panel.y.high, 6).map(told)
  const left = Math.max(50, 26 + 6 * Math.min(14, Math.max(...texts.map((text) => text.length))))
  const bar = panel.colour && (panel.kind === "map" || panel.big)
  const wide = bar ? Math.max(...(panel.colour.stretched ? ["2000"] : roundTicks(panel.colour.low, panel.colour.high, 8).map(told)).map((text) => text.length)) : 0
  const right = bar ? 38 + 6.2 * wide : 12
  const top = panel.second ? 32 : 8
  const bottom = panel.x.label ? 36 : 22
  const how = (axis) => axis.is === "depth" ? {high: deepest ? Math.min(axis.high, deepest) : axis.high, stretched} : {}
  const x = new Scale(panel.x, left, Math.max(left + 20, width - right), how(panel.x))
  const y = new Scale(panel.y, Math.max(top + 20, height - bottom), top, how(panel.y))
  x.flat = true
  return {x, y, left, top, right: Math.max(left + 20, width - right), bottom: Math.max(top + 20, height - bottom), title: width - 4}
}

function drawFrame(c, panel, f, look) {
  c.font = LETTERS
  c.lineWidth = 1
  c.strokeStyle = look.line
  c.fillStyle = look.quiet
  c.textBaseline = "top"
  c.textAlign = "center"
  const grid = panel.kind !== "map"
  for (const [v, text] of f.x.ticks()) {
    const px = Math.round(f.x.px(v)) + 0.5
    if (!f.x.inside(px)) continue
    line(c, px, grid ? f.top : f.bottom, px, f.bottom + 4)
    c.fillText(text, Math.min(px, f.right + 6), f.bottom + 6)
  }
  c.textAlign = "right"
  c.textBaseline = "middle"
  for (const [v, text] of f.y.ticks()) {
    const py = Math.round(f.y.px(v)) + 0.5
    if (!f.y.inside(py)) continue
    line(c, f.left - 4, py, grid ? f.right : f.left, py)
    c.fillText(text, f.left - 6, py)
  }
  c.fillStyle = look.ink
  c.textAlign = "center"
  c.textBaseline = "alphabetic"
  if (panel.x.label) c.fillText(fitted(c, panel.x.label, f.right - f.left + 40), (f.left + f.right) / 2, f.bottom + 31)
  const label = f.y.stretched ? `${panel.y.label}, stretched` : panel.y.label
  if (label) {
    c.save()
    c.translate(11, (f.top + f.bottom) / 2)
    c.rotate(-Math.PI / 2)
    c.fillText(fitted(c, label, f.bottom - f.top + 20), 0, 0)
    c.restore()
  }
  if (panel.second) {
    const s = new Scale(panel.second, f.left, f.right)
    s.flat = true
    c.fillStyle = look.second
    for (const [v, text] of s.ticks()) c.fillText(text, s.px(v), f.top - 5)
    c.fillText(panel.second.label, (f.left + f.right) / 2, f.top - 19)
  }
  c.strokeStyle = look.shore
  c.strokeRect(Math.round(f.left) + 0.5, Math.round(f.top) + 0.5, Math.round(f.right - f.left), Math.round(f.bottom - f.top))
}

function fitted(c, text, room) {
  let shown = text
  while (shown.length > 4 && c.measureText(shown).width > room) shown = `${shown.slice(0, -2).trimEnd()}…`
  return shown
}

function line(c, x0, y0, x1, y1) {
  c.beginPath()
  c.moveTo(x0, y0)
  c.lineTo(x1, y1)
  c.stroke()
}

// ---- the picture of a field: cells across, between levels linear -----------------------
function drawField(c, panel, f, look, ratio) {
  const width = Math.max(1, Math.round((f.right - f.left) * ratio)), height = Math.max(1, Math.round((f.bottom - f.top) * ratio))
  const values = panel.numbers, land = panel.dry, ny = f.y.at.length
  const image = new ImageData(width, height), out = new Uint32Array(image.data.buffer)
  const pack = ([r, g, b]) => (255 << 24) | (b << 16) | (g << 8) | r
  const table = paletteBytes(panel.colour.palette).map(pack), n = table.length
  const [dry, masked, hatch] = [look.land, look.mask, look.hatch].map((h) => pack(paletteBytes([h])[0]))
  const [below, above] = ["below", "above"].map((end) => pack(paletteBytes([OUT_OF_RANGE[end]])[0]))
  const {low, high} = panel.colour, smooth = panel.y.is === "depth" && ny > 1
  const rows = Array.from({length: height}, (_, j) => rowOf(f.y, f.y.value(f.top + (j + 0.5) / ratio), smooth))
  const columns = Array.from({length: width}, (_, i) => f.x.cell(f.x.value(f.left + (i + 0.5) / ratio)))
  for (let j = 0; j < height; j += 1) {
    const {cell, next, share} = rows[j]
    for (let i = 0; i < width; i += 1) {
      const column = columns[i]
      if (column < 0 || cell < 0) continue
      const k = column * ny + cell
      let v = values[k]
      if (v !== v) {
        const stripe = (i + j) % Math.round(7 * ratio) < ratio
        out[j * width + i] = land && land[k] > 0 ? dry : stripe ? hatch : masked
        continue
      }
      if (share > 0) {
        const w = values[column * ny + next]
        if (w === w) v += share * (w - v)
      }
      out[j * width + i] = v < low ? below : v > high ? above : table[Math.min(n - 1, Math.floor((v - low) / (high - low) * n))]
    }
  }
  const sheet = new OffscreenCanvas(width, height)
  sheet.getContext("2d").putImageData(image, 0, 0)
  c.drawImage(sheet, f.left, f.top, f.right - f.left, f.bottom - f.top)
}

// The level whose cell a depth lies in, and how much of the neighbour counts.
function rowOf(scale, value, smooth) {
  const cell = scale.cell(value)
  if (!smooth || cell < 0) return {cell, next: cell, share: 0}
  const z = scale.at, next = value >= z[cell] ? cell + 1 : cell - 1
  if (next < 0 || next >= z.length) return {cell, next: cell, share: 0}
  return {cell, next, share: (value - z[cell]) / (z[next] - z[cell])}
}

function drawBar(c, panel, f, look) {
  const {palette, low, high, below, above, title} = panel.colour
  const x = f.right + 8, wide = 8, top = f.top + (above ? 7 : 0), bottom = f.bottom - (below ? 7 : 0)
  const n = palette.length, tall = (bottom - top) / n, deep = title.startsWith("Depth")
  palette.forEach((colour, k) => {
    c.fillStyle = colour
    c.fillRect(x, deep ? top + k * tall : bottom - (k + 1) * tall, wide, tall + 0.6)
  })
  for (const [there, colour, base, tip] of [[above, OUT_OF_RANGE.above, top, f.top], [below, OUT_OF_RANGE.below, bottom, f.bottom]]) {
    if (!there) continue
    c.fillStyle = colour
    c.beginPath()
    c.moveTo(x, base)
    c.lineTo(x + wide, base)
    c.lineTo(x + wide / 2, tip)
    c.fill()
  }
  const s = new Scale({low, high, down: deep}, bottom, top, {stretched: panel.colour.stretched})
  c.fillStyle = look.quiet
  c.font = LETTERS
  c.textAlign = "left"
  c.textBaseline = "middle"
  for (const [v, text] of s.ticks()) c.fillText(text, x + wide + 4, s.px(v))
  c.save()
  c.translate(f.title, (f.top + f.bottom) / 2)
  c.rotate(-Math.PI / 2)
  c.textAlign = "center"
  c.textBaseline = "alphabetic"
  c.fillStyle = look.ink
  c.fillText(fitted(c, title, f.bottom - f.top), 0, 0)
  c.restore()
}

// The mean residual in cells of a map, on a canvas; the server makes the cells for the part in view.

const RADIAN = Math.PI / 180

function mercator_y(lat) {
  return Math.log(Math.tan(Math.PI / 4 + Math.max(-86, Math.min(86, lat)) * RADIAN / 2)) / RADIAN
}

function mercator_lat(y) {
  return (2 * Math.atan(Math.exp(y * RADIAN)) - Math.PI / 2) / RADIAN
}

function residual_map(pick, look) {
  const canvas = make("canvas", {tabindex: "0", role: "img", "aria-label": "Mean residual on the map"})
  const words = make("div", {class: "tells", role: "status"})
  const key = make("span", {class: "grow keyed"})
  const whole = make("button", {type: "button", class: "plain", onclick: () => { view = null; paint(); look(null) }}, "Whole area")
  const title = make("b", {}, "Residuals")
  const count = make("span", {class: "quiet"})
  const node = make("section", {class: "card where"}, make("div", {class: "line head"}, title, count, key, whole), make("div", {class: "canvas"}, canvas), words)
  let given = null, view = null, cells = new Map(), limit = 1, frame_of = null

  function place() {
    const width = canvas.clientWidth, height = canvas.clientHeight
    const [w, s, e, n] = view ?? given.ground.box
    const x0 = w, x1 = e, y0 = mercator_y(s), y1 = mercator_y(n)
    const scale = Math.min(width / (x1 - x0), height / (y1 - y0))
    const left = (width - scale * (x1 - x0)) / 2, top = (height - scale * (y1 - y0)) / 2
    return {
      x: (lon) => left + scale * (lon - x0), y: (lat) => top + scale * (y1 - mercator_y(lat)),
      lon: (x) => x0 + (x - left) / scale, lat: (y) => mercator_lat(y1 - (y - top) / scale),
      width, height, scale,
    }
  }

  function paint() {
    if (!given?.ground?.box || !canvas.clientWidth) return
    const ratio = globalThis.devicePixelRatio || 1, p = place()
    frame_of = p
    if (canvas.width !== Math.round(p.width * ratio) || canvas.height !== Math.round(p.height * ratio)) {
      canvas.width = Math.round(p.width * ratio)
      canvas.height = Math.round(p.height * ratio)
    }
    const style = getComputedStyle(canvas), colour = (name) => style.getPropertyValue(name).trim()
    const g = canvas.getContext("2d")
    g.setTransform(ratio, 0, 0, ratio, 0, 0)
    g.fillStyle = colour("--sea")
    g.fillRect(0, 0, p.width, p.height)
    const {x, y, starts} = given.ground
    g.beginPath()
    for (let k = 0; k + 1 < starts.length; k++) {
      for (let i = starts[k]; i < starts[k + 1]; i++) g[i === starts[k] ? "moveTo" : "lineTo"](p.x(x[i]), p.y(y[i]))
      g.closePath()
    }
    g.fillStyle = colour("--land")
    g.fill("nonzero")
    const c = given.picked.cells
    cells = new Map()
    if (c) {
      const apart = c.step * p.scale > 6 ? 0.6 : 0
      c.at.forEach((at, k) => {
        const column = at % c.columns, row = Math.floor(at / c.columns)
        const lon = (c.x0 + column) * c.step, lat = (c.y0 + row) * c.step
        cells.set(`${column},${row}`, k)
        g.fillStyle = rgb(diverging(c.mean[k] / limit, given.dark))
        const x0 = p.x(lon), y1 = p.y(lat), y0 = p.y(lat + c.step)
        g.fillRect(x0, y0, Math.max(1.5, c.step * p.scale - apart), Math.max(1.5, y1 - y0 - apart))
      })
    }
    g.lineWidth = 0.7
    g.strokeStyle = colour("--shore")
    g.stroke()
    const box = given.picked.brush?.box
    if (box) {
      g.lineWidth = 1.8
      g.strokeStyle = colour("--ink")
      g.strokeRect(p.x(box[0]), p.y(box[3]), p.x(box[2]) - p.x(box[0]), p.y(box[1]) - p.y(box[3]))
    }
    marks(g, p, colour)
  }

  function marks(g, p, colour) {
    g.fillStyle = colour("--quiet")
    g.font = "10.5px Roboto, system-ui, sans-serif"
    g.textAlign = "center"
    const lons = ticks(p.lon(0), p.lon(p.width), 6), lats = ticks(p.lat(p.height), p.lat(0), 4)
    for (const lon of lons) { const x = p.x(lon); if (x > 24 && x < p.width - 24) { g.fillRect(x, p.height - 4, 1, 4); g.fillText(degrees((lon + 540) % 360 - 180, "EW"), x, p.height - 7) } }
    g.textAlign = "left"
    for (const lat of lats) { const y = p.y(lat); if (y > 14 && y < p.height - 20) { g.fillRect(0, y, 4, 1); g.fillText(degrees(lat, "NS"), 7, y + 4) } }
  }

  function under(event) {
    const c = given?.picked?.cells
    if (!c || !frame_of) return null
    const box = canvas.getBoundingClientRect()
    const lon = frame_of.lon(event.clientX - box.left), lat = frame_of.lat(event.clientY - box.top)
    const column = Math.floor(lon / c.step - c.x0 + 1e-9), row = Math.floor(lat / c.step - c.y0 + 1e-9)
    const k = column >= 0 && column < c.columns ? cells.get(`${column},${row}`) : undefined
    const corner = [(c.x0 + column) * c.step, (c.y0 + row) * c.step]
    return {lon, lat, k, box: [corner[0], corner[1], corner[0] + c.step, corner[1] + c.step].map((v) => Number(v.toFixed(6)))}
  }

  const HINT = "Observation minus product. Drag to move, wheel to zoom; a cell picks its samples."
  let from = null, moved = false
  const told = later(() => look(view), 180)

  function zoom(factor, x, y) {
    const p = place()
    const lon = p.lon(x), at = mercator_y(p.lat(y))
    const [w, s, e, n] = view ?? given.ground.box
    const whole_width = given.ground.box[2] - given.ground.box[0]
    if ((e - w) * factor > whole_width * 1.001) { view = null; paint(); told(); return }
    if ((e - w) * factor < 0.2) return
    const mix = (v, c) => c + (v - c) * factor
    view = [mix(w, lon), mercator_lat(mix(mercator_y(s), at)), mix(e, lon), mercator_lat(mix(mercator_y(n), at))]
    paint()
    told()
  }

  canvas.addEventListener("wheel", (event) => {
    if (!given?.ground?.box) return
    event.preventDefault()
    const box = canvas.getBoundingClientRect()
    zoom(Math.exp(Math.max(-0.6, Math.min(0.6, event.deltaY / 400))), event.clientX - box.left, event.clientY - box.top)
  }, {passive: false})
  canvas.addEventListener("keydown", (event) => {
    const factor = {"+": 0.7, "=": 0.7, "-": 1 / 0.7}[event.key]
    if (!factor) return
    event.preventDefault()
    zoom(factor, canvas.clientWidth / 2, canvas.clientHeight / 2)
  })
  canvas.addEventListener("pointerdown", (event) => { from = {x: event.clientX, y: event.clientY, view: view ?? given?.ground?.box, p: frame_of}; moved = false; canvas.setPointerCapture(event.pointerId) })
  canvas.addEventListener("pointermove", (event) => {
    if (from?.p && from.view) {
      const dx = event.clientX - from.x, dy = event.clientY - from.y
      if (!moved && Math.hypot(dx, dy) < 4) return
      moved = true
      const lon = dx / from.p.scale, lat = dy / from.p.scale
      const [w, s, e, n] = from.view
      view = [w - lon, mercator_lat(mercator_y(s) + lat), e - lon, mercator_lat(mercator_y(n) + lat)]
      paint()
      return
    }
    const found = under(event)
    const c = given?.picked?.cells
    words.textContent = found?.k === undefined || !c ? HINT : `${degrees(found.lon, "EW")} ${degrees(found.lat, "NS")}: mean ${signed(c.mean[found.k])} ${given.doc.unit ?? ""} of ${counted(c.n[found.k], "sample")}`
    if (found) document.dispatchEvent(new CustomEvent("sdcviz:cursor", {detail: {from: "review", lon: found.lon, lat: found.lat}}))
  })
  canvas.addEventListener("pointerup", (event) => {
    const was = moved
    from = null
    if (was) { told(); return }
    const found = under(event)
    if (found?.k === undefined || found.k === null) return
    const brush = {...given.picked.brush}
    const same = JSON.stringify(brush.box) === JSON.stringify(found.box)
    delete brush.box
    pick(same ? brush : {...brush, box: found.box}, view)
  })
  canvas.addEventListener("pointerleave", () => { words.textContent = HINT; document.dispatchEvent(new CustomEvent("sdcviz:cursor", {detail: {from: "review"}})) })
  new ResizeObserver(() => paint()).observe(canvas)

  node.put = (next, jump) => {
    given = next
    if (jump !== undefined) view = jump
    if (!given.picked?.cells) { paint(); return }
    limit = Math.max(1e-9, reach(given.picked.cells.mean, 0.95))
    count.textContent = `${of(given.picked.n, given.picked.of)} samples`
    whole.hidden = !view
    key.replaceChildren(colour_bar(limit, given.doc.unit ?? "", given.dark))
    words.textContent = HINT
    canvas.dataset.cells = given.picked.cells.at.length
    paint()
  }
  return node
}

// Tapping and drawing on the map, and the pointer over it.

const STILL = 5 // px that a tap may move

class Tools {
  // on: place([lon, lat]), drawn(kind, corners), moved({x, y} or null), dot(index or -1)
  constructor(plot, view, sources, on) {
    Object.assign(this, {plot, view, sources, on})
    this.tool = "place"
    this.corners = [] // in metres
    this.down = null
    const el = view.el
    const listen = (kind, heard) => {
      el.addEventListener(kind, heard, {capture: true})
      this.stop.push(() => el.removeEventListener(kind, heard, {capture: true}))
    }
    this.stop = []
    listen("pointerdown", (e) => { this.down = this.inside(e) ? [e.clientX, e.clientY] : null })
    listen("pointerup", (e) => this.released(e))
    listen("pointermove", (e) => this.moved(e))
    listen("pointerleave", () => this.on.moved(null))
    // Bokeh knows of a double tap too, and would do something of its own.
    listen("dblclick", (e) => { if (this.tool !== "place") e.stopPropagation() })
  }

  close() {
    for (const stop of this.stop) stop()
  }

  use(tool) {
    this.tool = tool
    this.cancel()
    this.view.el.style.cursor = tool === "place" ? "" : "crosshair"
  }

  // Metres of a place of the screen.
  at(e) {
    const box = this.view.el.getBoundingClientRect(), {left, top, width, height} = this.view.frame.bbox
    const {x_range: x, y_range: y} = this.plot
    return {
      x: x.start + (e.clientX - box.left - left) / width * (x.end - x.start),
      y: y.end - (e.clientY - box.top - top) / height * (y.end - y.start),
    }
  }

  inside(e) {
    const box = this.view.el.getBoundingClientRect(), {left, top, width, height} = this.view.frame.bbox
    const x = e.clientX - box.left - left, y = e.clientY - box.top - top
    return x >= 0 && x <= width && y >= 0 && y <= height
  }

  pixel() {
    return (this.plot.x_range.end - this.plot.x_range.start) / this.view.frame.bbox.width
  }

  released(e) {
    const begun = this.down
    this.down = null
    if (!begun || e.button !== 0 || Math.hypot(e.clientX - begun[0], e.clientY - begun[1]) > STILL) return
    const at = this.at(e)
    if (this.tool === "place") {
      this.on.place(at)
      return
    }
    const last = this.corners.at(-1)
    // The second tap at one place ends.
    if (last && Math.hypot(at.x - last[0], at.y - last[1]) < 6 * this.pixel()) {
      this.finish()
      return
    }
    this.corners.push([at.x, at.y])
    this.draft(at)
  }

  moved(e) {
    if (!this.inside(e)) {
      this.on.moved(null)
      return
    }
    const at = this.at(e)
    this.on.moved(at)
    if (this.corners.length) this.draft(at)
  }

  draft(at) {
    const all = [...this.corners, [at.x, at.y]]
    if (this.tool === "area" && all.length > 2) all.push(all[0])
    quietly(this.sources.draft, {data: {x: all.map((c) => c[0]), y: all.map((c) => c[1])}})
  }

  finish() {
    const {corners, tool} = this
    const enough = tool === "line" ? 2 : 3
    if (corners.length < enough) return
    this.cancel()
    this.on.drawn(tool, corners.map(([x, y]) => [to_lon(x), to_lat(y)]))
  }

  // Whether there was something to drop.
  cancel() {
    const some = this.corners.length > 0
    this.corners = []
    quietly(this.sources.draft, {data: {x: [], y: []}})
    return some
  }
}

// A great circle between corners, as the section runs.
function along(corners) {
  const rad = Math.PI / 180
  const unit = ([lon, lat]) => [Math.cos(lat * rad) * Math.cos(lon * rad), Math.cos(lat * rad) * Math.sin(lon * rad), Math.sin(lat * rad)]
  const x = [], y = []
  let last = null
  for (let i = 0; i + 1 < corners.length; i++) {
    const a = unit(corners[i]), b = unit(corners[i + 1])
    const angle = Math.acos(Math.min(1, Math.max(-1, a[0] * b[0] + a[1] * b[1] + a[2] * b[2])))
    const steps = Math.max(1, Math.min(60, Math.ceil(angle / rad)))
    for (let k = i ? 1 : 0; k <= steps; k++) {
      const f = k / steps
      const p = angle < 1e-9 ? 1 - f : Math.sin((1 - f) * angle) / Math.sin(angle)
      const q = angle < 1e-9 ? f : Math.sin(f * angle) / Math.sin(angle)
      const v = [0, 1, 2].map((j) => p * a[j] + q * b[j])
      let lon = Math.atan2(v[1], v[0]) / rad
      if (last !== null) lon += 360 * Math.round((last - lon) / 360)
      last = lon
      const [px, py] = to_xy(lon, Math.atan2(v[2], Math.hypot(v[0], v[1])) / rad)
      x.push(px)
      y.push(py)
    }
  }
  return {x, y}
}

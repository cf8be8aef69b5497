// One panel on the page: its head, its picture, the cursor over it.

class PanelView {
  constructor(send, tellCursor) {
    this.send = send
    this.tellCursor = tellCursor
    this.title = make("b")
    this.across = make("select", {class: "across", title: "What the diagram runs along", onchange: () => send({do: "across", to: this.across.value})})
    this.where = make("span", {class: "quiet"})
    this.value = make("output", {class: "value"})
    this.out = make("button", {type: "button", class: "plain out", title: "Export this panel", "aria-label": "Export this panel", onclick: () => send({do: "export", key: this.key})}, "⤓")
    this.base = make("canvas")
    this.top = make("canvas", {class: "top"})
    this.said = make("p", {class: "said"})
    this.plot = make("div", {class: "plot"}, this.base, this.top, this.said)
    this.note = make("div", {class: "note"})
    this.about = make("span", {class: "about", tabindex: "0", role: "note"}, "?")
    this.root = make("section", {class: "panel"}, make("header", {}, this.title, this.across, this.where, make("span", {class: "grow"}), this.value, this.out), this.plot, this.note)
    this.top.addEventListener("pointermove", (event) => this.moved(event))
    this.top.addEventListener("pointerleave", () => {
      this.own = null
      tellCursor(this, null)
    })
    this.top.addEventListener("click", (event) => this.tapped(event))
    new ResizeObserver(() => this.draw()).observe(this.plot)
  }

  set(panel, shared) {
    this.panel = panel
    this.key = panel.key
    this.shared = shared
    this.root.dataset.key = panel.key
    this.root.dataset.kind = panel.kind
    this.title.textContent = panel.title
    this.where.textContent = panel.where ?? ""
    this.across.hidden = !panel.across
    if (panel.across) offer(this.across, shared.across, panel.across)
    this.out.hidden = !panel.can_export || !shared.exports
    const masked = panel.masked ? "hatched: masked" : ""
    const far = (panel.x?.beyond ?? 0) + (panel.y?.beyond ?? 0)
    const beyond = far ? `${number(far)} beyond the axis (triangles)` : ""
    const out = panel.kind === "map" ? [panel.colour.below && "cyan: below", panel.colour.above && "magenta: above"].filter(Boolean).join(", ") : ""
    const notes = [panel.note, beyond, masked, out && `${out} the range of colours`, panel.warning].filter(Boolean).join(" · ")
    this.note.replaceChildren(notes, ...(panel.about ? [" ", this.about] : []))
    this.about.title = panel.about ?? ""
    this.about.setAttribute("aria-label", panel.about ?? "")
    this.note.title = notes
    this.said.textContent = panel.sentence ?? ""
    this.said.hidden = !panel.sentence
    const drawn = panel.kind !== "none" && !panel.sentence
    this.base.hidden = this.top.hidden = !drawn
    if (panel.values !== undefined) panel.numbers = unpack(panel.values)
    if (panel.land) panel.dry = unpack(panel.land)
    if (panel.kind === "bars" && typeof panel.bars === "string") [panel.bars, panel.edges] = [unpack(panel.bars), unpack(panel.edges)]
    for (const layer of panel.layers ?? []) {
      for (const name of ["x", "y", "x0", "x1", "y0", "y1", "c", "bad"]) if (typeof layer[name] === "string") layer[name] = unpack(layer[name])
    }
    this.draw()
  }

  draw() {
    const panel = this.panel
    if (!panel || this.base.hidden) return
    const width = this.plot.clientWidth, height = this.plot.clientHeight
    if (width < 60 || height < 60) return
    const ratio = window.devicePixelRatio || 1
    for (const canvas of [this.base, this.top]) {
      canvas.width = Math.round(width * ratio)
      canvas.height = Math.round(height * ratio)
    }
    const c = this.base.getContext("2d"), look = LOOKS[this.shared.dark ? "dark" : "light"]
    c.scale(ratio, ratio)
    const f = this.f = frameOf(panel, width, height, this.shared)
    if (panel.kind === "map") drawField(c, panel, f, look, ratio)
    drawFrame(c, panel, f, look)
    drawLayers(c, panel, f, look)
    if (panel.colour && (panel.kind === "map" || panel.big)) drawBar(c, panel, f, look)
    this.mark(this.last)
    this.root.dataset.drawn = String(Number(this.root.dataset.drawn ?? 0) + 1)
  }

  // Where an axis stands for what a cursor tells; null: nowhere.
  place(scale, cursor) {
    const axis = scale.axis
    if (axis.is === "time") return cursor.time !== undefined ? scale.at[Math.round(cursor.time)] ?? null : null
    if (axis.is === "distance" && cursor.distance === undefined && cursor.lon !== undefined) return this.along(scale, cursor)
    return cursor[axis.is] ?? null
  }

  along(scale, cursor) {
    this.track ??= {}
    if (this.track.of !== scale.axis) this.track = {of: scale.axis, lon: unpack(scale.axis.lon), lat: unpack(scale.axis.lat)}
    const {lon, lat} = this.track, shrink = Math.cos(cursor.lat * Math.PI / 180)
    let best = Infinity, found = -1
    for (let k = 0; k < lon.length; k += 1) {
      const away = ((lon[k] - cursor.lon) * shrink) ** 2 + (lat[k] - cursor.lat) ** 2
      if (away < best) [best, found] = [away, k]
    }
    return Math.sqrt(best) * 111.2 <= Math.max(this.shared.around, 20) ? scale.at[found] : null
  }

  // Draw the cursor of another panel or of the map, or of this one.
  mark(cursor) {
    this.last = cursor
    const f = this.f, panel = this.panel
    if (!f || this.top.hidden) return
    const ratio = window.devicePixelRatio || 1, c = this.top.getContext("2d"), look = LOOKS[this.shared.dark ? "dark" : "light"]
    c.setTransform(ratio, 0, 0, ratio, 0, 0)
    c.clearRect(0, 0, this.top.width, this.top.height)
    this.here(c, f, look)
    const at = cursor ? [this.place(f.x, cursor), this.place(f.y, cursor)] : [null, null]
    this.root.dataset.cursor = at.map((v) => v === null ? "" : String(Number(v.toPrecision(6)))).join(",")
    c.setLineDash([])
    // Light in dark: seen on any field.
    for (const [wide, colour] of [[2.6, look.halo], [1, look.ink]]) {
      c.lineWidth = wide
      c.strokeStyle = colour
      if (at[0] !== null && f.x.inside(f.x.px(at[0]))) line(c, Math.round(f.x.px(at[0])) + 0.5, f.top, Math.round(f.x.px(at[0])) + 0.5, f.bottom)
      if (at[1] !== null && f.y.inside(f.y.px(at[1]))) line(c, f.left, Math.round(f.y.px(at[1])) + 0.5, f.right, Math.round(f.y.px(at[1])) + 0.5)
    }
    this.value.textContent = cursor ? this.read(this.own ?? at) : ""
    if (panel.layers?.some((layer) => layer.depth) && cursor?.depth !== undefined) this.ring(c, f, cursor.depth, look)
  }

  // The time step and the level in view.
  here(c, f, look) {
    const {step, level} = this.shared.here
    c.strokeStyle = look.here
    c.lineWidth = 1.2
    c.setLineDash([3, 3])
    for (const [scale, flat] of [[f.x, true], [f.y, false]]) {
      const v = scale.axis.is === "time" ? scale.at[step] : scale.axis.is === "depth" ? level : null
      if (v === null || v === undefined) continue
      const px = Math.round(scale.px(v)) + 0.5
      if (scale.inside(px)) line(c, ...(flat ? [px, f.top, px, f.bottom] : [f.left, px, f.right, px]))
    }
    c.setLineDash([])
  }

  // In a T-S diagram: the water of the field at the depth of the cursor.
  ring(c, f, depth, look) {
    c.strokeStyle = look.here
    c.lineWidth = 1.6
    for (const layer of this.panel.layers.filter((l) => l.depth)) {
      const best = layer.c.reduce((a, z) => Math.min(a, Math.abs(z - depth)), Infinity)
      layer.c.forEach((z, k) => {
        if (Math.abs(z - depth) > best + 1e-6) return
        c.beginPath()
        c.arc(f.x.px(layer.x[k]), f.y.px(layer.y[k]), 6, 0, 7)
        c.stroke()
      })
    }
  }

  // What is at a place of the panel, in words.
  read([x, y]) {
    const panel = this.panel, f = this.f, unit = this.shared.unit ? ` ${this.shared.unit}` : ""
    const curve = panel.layers?.find((l) => l.type === "line" && !l.second && !l.path)
    if (panel.kind === "xy" && curve) {
      const deep = Boolean(panel.y.down), at = deep ? y : x
      if (at === null) return ""
      const v = deep ? between(curve.y, curve.x, at, false) : between(curve.x, curve.y, at, panel.x.is === "time")
      return [(deep ? f.y : f.x).name(at), Number.isFinite(v) ? `${told(v)}${unit}` : ""].filter(Boolean).join(" · ")
    }
    const words = [x === null ? "" : f.x.name(x), y === null ? "" : f.y.name(y)]
    if (panel.kind === "map" && x !== null && y !== null) {
      const i = f.x.cell(x), j = f.y.cell(y)
      if (i >= 0 && j >= 0) {
        const k = i * f.y.at.length + j, v = panel.numbers[k]
        words.push(v === v ? `${told(v)}${unit}` : panel.dry?.[k] > 0 ? "land" : "masked")
      }
    }
    return words.filter(Boolean).join(" · ")
  }

  at(event) {
    const f = this.f
    if (!f) return null
    const box = this.top.getBoundingClientRect(), px = event.clientX - box.left, py = event.clientY - box.top
    return f.x.inside(px) && f.y.inside(py) ? [f.x.value(px), f.y.value(py)] : null
  }

  // What a place of the panel is called by all others.
  detail([x, y]) {
    const detail = {...(this.panel.fixed ?? {})}
    if (this.panel.place) [detail.lon, detail.lat] = this.panel.place
    for (const [scale, v] of [[this.f.x, x], [this.f.y, y]]) {
      const kind = scale.axis.is
      if (kind === "time") {
        const step = scale.cell(v)
        if (step >= 0) detail.time = step
      } else if (kind === "distance") {
        const k = Math.max(0, scale.cell(v))
        detail.distance = v
        detail.lon = unpack(scale.axis.lon)[k]
        detail.lat = unpack(scale.axis.lat)[k]
      } else if (["depth", "lon", "lat"].includes(kind)) {
        detail[kind] = v
      }
    }
    return detail
  }

  moved(event) {
    const at = this.at(event)
    this.own = at
    this.tellCursor(this, at && this.detail(at))
  }

  tapped(event) {
    const at = this.at(event)
    if (!at) return
    const detail = this.detail(at), section = ["line-section", "line-values"].includes(this.panel.key)
    const said = {step: detail.time, level: detail.depth, ...(section ? {lon: detail.lon, lat: detail.lat} : {})}
    // What is not known can't be sent.
    this.send({do: "go", ...Object.fromEntries(Object.entries(said).filter(([, v]) => v !== undefined))})
  }
}

// A value of a curve between its points; of time steps that of the step.
function between(along, of, at, steps) {
  let k = 0
  while (k < along.length - 1 && along[k + 1] <= at) k += 1
  const last = k >= along.length - 1 || steps
  if (steps && k < along.length - 1 && at - along[k] > along[k + 1] - at) k += 1
  if (last) return at >= along[0] - 1e-6 || steps ? of[k] : NaN
  const share = (at - along[k]) / (along[k + 1] - along[k])
  return share < 0 ? NaN : Number.isFinite(of[k + 1]) ? of[k] + share * (of[k + 1] - of[k]) : share < 0.5 ? of[k] : NaN
}

// The second layer of the map: swipe, blink, side by side, difference. Frames of both are fetched
// together and painted together, so that no step of a slider shows one without the other.

const BLINK = 800 // ms that each layer is seen
const NUDGE = 0.02 // of the width, for a key

const MIRRORED = ["spread", "place", "line", "area", "draft"]

// The second map, beside the first: its figure, picture and pointer.
class Twin {
  constructor(plot, view, driver) {
    const source = (name) => plot.renderers.find((r) => r.name === name).data_source
    Object.assign(this, {plot, view, driver})
    this.sources = Object.fromEntries([...MIRRORED, "lines", "labels", "cursor"].map((n) => [n, source(n)]))
    keep_ground(plot, view)
    this.layers = new Layers(plot, [source("field-0"), source("field-1")])
    this.layers.set(0, null)
    this.layers.set(1, null)
    this.tools = new Tools(plot, view, this.sources, {
      place: (at) => driver.tapped(at),
      drawn: (kind, corners) => { driver.send({do: kind, corners}); tell_bus("drawn", kind) },
      moved: (at) => { driver.pointed(at); driver.cross(0, at) },
    })
    this.tools.use(driver.tool ?? "place")
  }

  close() {
    this.tools.close()
  }
}

function cross_at(source, at) {
  quietly(source, {data: {x: at ? [at.x] : [], y: at ? [at.y] : []}})
}

const CompareField = {
  attach_twin(tries = 200) {
    if (this.closed || this.mode !== "side" || this.twin) return
    const plot = [...this.host.document._all_models.values()].findLast((m) => m.name === "product-map-twin")
    const view = plot && globalThis.Bokeh?.index?.find_one(plot)
    if (!view?.frame || !view.renderer_views?.size) {
      if (tries) setTimeout(() => this.attach_twin(tries - 1), 50)
      return
    }
    this.twin = new Twin(plot, view, this)
    this.twin_tools = (e) => this.twin?.tools.use(e.detail)
    field_bus.addEventListener("tool", this.twin_tools)
    if (this.beside_layer) this.twin.layers.set(0, this.beside_layer)
    this.ink_lines(this.model.state.palette)
    this.mirror()
    this.cut()
  },

  drop_twin() {
    if (!this.twin) return
    field_bus.removeEventListener("tool", this.twin_tools)
    this.twin.close()
    this.twin = null
    cross_at(this.sources.cursor, null)
  },

  // What lies over the first map lies over the second too.
  mirror() {
    if (!this.twin) return
    // Observations are those of the first layer's map: over another time they would mislead.
    const same = this.frame?.header.label === this.other?.header.label
    for (const name of MIRRORED) {
      const {data} = this.sources[name]
      const none = () => Object.fromEntries(Object.keys(data).map((column) => [column, []]))
      // The same object is the same data: a picture that is painted anew costs time.
      const wanted = same || name !== "spread" ? data : none()
      if (this.twin.sources[name].data !== wanted) put_data(this.twin.sources[name], wanted)
    }
  },

  // Lines of the second map are its own.
  lines_beside(query) {
    const limits = this.other?.header.limits
    if (!limits) return
    const number = this.asked
    const asked = {...this.second_query(query), per: null, low: limits[0], high: limits[1], mask: this.model.state.mask_words}
    this.frames.get("lines_of_second", asked).then((found) => {
      if (number === this.asked && this.twin) put_lines(this.twin.sources, found, 34 * this.tools.pixel())
    }, () => {})
  },

  // The pointer over one map is a cross on the other.
  cross(which, at) {
    const source = which ? this.twin?.sources.cursor : this.sources.cursor
    if (source) cross_at(source, at)
  },

  build_beside() {
    this.mode = "none"
    this.kind = "map"
    this.at_swipe = 0.5
    this.names = [0, 1].map((n) => make("div", {class: `layer-name n${n}`, hidden: true}))
    this.handle = make("div", {class: "swipe", role: "slider", tabindex: "0", hidden: true, "aria-label": "Where the second layer begins", "aria-valuemin": 0, "aria-valuemax": 100, title: "Drag, or arrow keys: the first layer on the left, the second on the right"}, make("i", {}, "⟨⟩"))
    this.hold = make("button", {type: "button", class: "hold", hidden: true, title: "Hold the layer in view (B)", onclick: () => this.pause_blink()})
    this.veil = make("div", {class: "bar veil-key", hidden: true}, make("i"), make("span"))
    this.legend.append(this.veil)
    this.over.append(...this.names, this.handle, this.hold)
    this.over_twin = make("div", {class: "over twin", hidden: true})
    this.handle.addEventListener("pointerdown", (e) => this.grab(e))
    this.handle.addEventListener("keydown", (e) => this.nudge(e))
    const key = (e) => {
      const target = e.composedPath()[0]
      if (this.mode !== "blink" || e.key.toLowerCase() !== "b" || e.ctrlKey || e.metaKey || e.altKey) return
      if (target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName)) && target.type !== "range") return
      if (this.node.offsetParent) this.pause_blink()
    }
    const hold = () => this.mode === "blink" && this.pause_blink()
    document.addEventListener("keydown", key)
    field_bus.addEventListener("hold", hold)
    this.stop.push(() => document.removeEventListener("keydown", key), () => field_bus.removeEventListener("hold", hold))
  },

  close_beside() {
    clearInterval(this.blinking)
    clearTimeout(this.swiped)
    this.drop_twin()
  },

  changed_beside() {
    const s = this.model.state
    const mode = s.second ? s.compare : "none"
    if (s.swipe !== this.told_swipe) {
      this.told_swipe = s.swipe
      this.at_swipe = s.swipe
      if (mode === "swipe" && mode === this.mode) this.cut()
    }
    const dark = this.model.dark
    if (mode === this.mode && dark === this.veiled) return
    this.mode = mode
    this.veiled = dark
    this.kind = mode === "difference" ? "difference" : "map"
    this.div_colours = picture_colours(s.diverging)
    const grey = packed_colour(dark ? "#59646b" : "#b4bcc1")
    this.veil_colours = new Uint32Array(256).fill(grey)
    this.veil_colours[MISSING] = 0
    clearInterval(this.blinking)
    this.held = false
    this.seen = 0
    if (mode === "blink") this.blinking = setInterval(() => this.blink(), BLINK)
    this.handle.hidden = mode !== "swipe"
    this.hold.hidden = mode !== "blink"
    // Where there is no second map it would reach beyond the page.
    this.over_twin.hidden = mode !== "side"
    if (mode !== "difference") this.veil.hidden = true
    this.layers.set(1, null)
    if (mode === "side") this.attach_twin()
    else this.drop_twin()
    this.cut()
  },

  has_beside() {
    return this.mode === "swipe" || this.mode === "blink" || this.mode === "side"
  },

  // The query of the first layer, or of the difference.
  against(query) {
    if (this.kind !== "difference") return query
    const s = this.model.state
    return {...query, ...s.second.query, spread: s.second.spread, mask: s.mask_words, low: null, high: null, per: s.per, most: s.difference_range || null}
  },

  second_query(query) {
    return {...query, ...this.model.state.second.query}
  },

  // A promise of the second layer's frame and grid; null where there is none to show.
  beside(query) {
    if (!this.has_beside()) return null
    const asked = this.second_query(query)
    const frame = this.frames.at_hand("second", asked) ?? this.frames.get("second", asked)
    return Promise.all([frame, this.grid_of(this.model.state.second.grid)])
  },

  colours_now() {
    return this.kind === "difference" ? this.div_colours : this.colours
  },

  paint_beside(frame, grid, other) {
    this.other = frame && other ? other[0] : null
    this.beside_layer = null
    if (!frame) {
      this.layers.set(1, null)
    } else if (this.kind === "difference") {
      const {within} = frame
      this.layers.set(1, within ? {frame: {codes: within, header: {limits: [0, 1]}}, grid, colours: this.veil_colours, limit: null} : null)
    } else if (other) {
      const layer = {frame: other[0], grid: other[1], colours: this.second_colours ?? this.colours, limit: this.code_limit(other[0])}
      this.beside_layer = layer
      this.layers.set(1, this.mode === "side" ? null : layer)
      this.twin?.layers.set(0, layer)
      this.mirror()
    } else {
      this.layers.set(1, null)
    }
    this.cut()
    this.name_layers()
    if (other && other[0].header.answer !== "value") this.say(other[0].header.sentence, true)
  },

  // The slider of the error moves.
  limit_beside() {
    if (!this.beside_layer) return
    this.beside_layer.limit = this.code_limit(this.other)
    if (this.mode === "side") this.twin?.layers.paint(0)
    else this.layers.paint(1)
  },

  // Which part of the map shows which layer.
  cut() {
    const {mode, seen, at_swipe} = this
    const parts = mode === "swipe" ? [[0, at_swipe], [at_swipe, 1]] : mode === "blink" && this.other ? [[0, seen ? 0 : 1], [seen ? 0 : 1, 1]] : [null, null]
    parts.forEach((part, n) => this.layers.clip(n, part))
    // Lines are those of the first layer.
    for (const name of ["lines", "labels"]) clip_glyph(this.plot, this.sources[name], this.other ? parts[0] : null)
    this.handle.style.left = `${100 * at_swipe}%`
    this.handle.setAttribute("aria-valuenow", String(Math.round(100 * at_swipe)))
    this.name_layers()
  },

  name_layers() {
    const s = this.model.state
    const shown = this.has_beside() && this.other
    const said = shown ? this.layer_names(s) : ["", ""]
    this.names.forEach((node, n) => {
      const on = shown && (this.mode !== "blink" || n === this.seen)
      node.hidden = !on
      node.textContent = said[n]
      node.classList.toggle("alone", this.mode !== "swipe")
      node.classList.toggle("beside", this.mode === "side" && n === 1)
    })
    const swipe = this.mode === "swipe"
    this.names[0].style.right = swipe ? `${100 - 100 * this.at_swipe}%` : ""
    this.names[1].style.left = swipe ? `${100 * this.at_swipe}%` : ""
    if (this.mode === "side") this.over_twin.append(this.names[1])
    else this.over.append(this.names[1])
    this.hold.textContent = this.held ? "▶" : "❚❚"
    this.hold.setAttribute("aria-pressed", String(Boolean(this.held)))
  },

  // Product and time of each; the depth where it is not the same.
  layer_names(s) {
    const a = this.frame?.header ?? {}, b = this.other.header
    const depths = a.depth !== b.depth && a.depth !== null && b.depth !== null
    return [a, b].map((h, n) => [s.second.names[n], a.label !== b.label || !s.second.names[n] ? h.label : "", depths ? `${short(h.depth)} ${h.depth_unit}` : ""].filter(Boolean).join(" · "))
  },

  show_difference(header, unit) {
    const [a, b] = header.names
    const of = header.title.startsWith("Difference of ") ? `${header.title.slice(14)}: ` : ""
    this.beside_bar.node.hidden = true
    this.bar.show({...header, title: `${of}${a} − ${b}${unit}`, palette: this.model.state.diverging, note: cells_out(header)})
    this.veil.hidden = !header.within
    this.veil.querySelector("span").textContent = `within the combined error: ${number(header.within)} of ${counted(header.cells, "cell")}`
    if (header.answer === "value") this.over_said ||= header.errors
  },

  // ---- swipe --------------------------------------------------------------------
  grab(e) {
    e.preventDefault()
    e.stopPropagation()
    this.handle.setPointerCapture(e.pointerId)
    this.handle.focus()
    const move = (m) => {
      const box = this.over.getBoundingClientRect()
      this.swipe_to((m.clientX - box.left) / box.width)
    }
    const end = () => {
      this.handle.removeEventListener("pointermove", move)
      this.handle.removeEventListener("pointerup", end)
      this.handle.removeEventListener("pointercancel", end)
    }
    this.handle.addEventListener("pointermove", move)
    this.handle.addEventListener("pointerup", end)
    this.handle.addEventListener("pointercancel", end)
  },

  nudge(e) {
    const by = {ArrowLeft: -NUDGE, ArrowRight: NUDGE, PageDown: -5 * NUDGE, PageUp: 5 * NUDGE, Home: -1, End: 1}[e.key]
    if (by === undefined) return
    e.preventDefault()
    e.stopPropagation() // arrows of the bar move time and depth
    this.swipe_to(this.at_swipe + by)
  },

  swipe_to(part) {
    this.at_swipe = Math.min(1, Math.max(0, part))
    this.cut()
    clearTimeout(this.swiped)
    this.swiped = setTimeout(() => {
      this.told_swipe = Number(this.at_swipe.toFixed(3))
      this.send({do: "swipe", at: this.told_swipe})
    }, REST)
  },

  // ---- blink --------------------------------------------------------------------
  blink() {
    if (!this.other || this.held || !this.node.offsetParent) return
    this.seen = 1 - this.seen
    this.cut()
  },

  pause_blink() {
    this.held = !this.held
    this.name_layers()
  },

  // ---- the pointer ---------------------------------------------------------------
  beside_words(at) {
    if (this.kind === "difference") {
      const veil = this.layers.at(1, at.x, at.y)
      return veil && !veil.missing ? ["within the combined error"] : []
    }
    if (this.mode === "side") this.cross(1, at)
    if (!this.other) return []
    const layers = this.mode === "side" ? this.twin?.layers : this.layers
    const there = layers?.at(this.mode === "side" ? 0 : 1, at.x, at.y)
    if (!there || there.missing || there.hidden) return ["second: no value"]
    const {limits, unit} = this.other.header
    const value = there.out ? `${there.out} ${figured(limits[there.out === "below" ? 0 : 1], limits)}` : figured(there.value, limits)
    return [`second: ${value} ${unit}`]
  },
}

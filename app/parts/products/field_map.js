// Drives the map of a field: fetches frames, paints them, follows the sliders of the bar.

const AHEAD = 3 // steps that are fetched before they are asked for
const REST = 160 // ms without a move after which lines and dots are asked for
const LATE = 700 // ms after which a map that is not there yet is told of
// The bar and the map of a page talk here; no step of a slider waits for the server's session.
const field_bus = (globalThis.sdcvizField ??= new EventTarget())

function tell_bus(kind, detail) {
  field_bus.dispatchEvent(new CustomEvent(kind, {detail}))
}

class FieldDriver {
  constructor(model, view) {
    this.model = model
    this.host = view.model
    this.frames = new Frames()
    this.grids = new Map()
    this.now = field_bus.now ?? null // {step, level}: what the bar says
    this.way = [1, 0] // where the sliders went last
    this.asked = 0
    this.stop = []
    this.build()
    const hear = (target, kind, heard) => {
      target.addEventListener(kind, heard)
      this.stop.push(() => target.removeEventListener(kind, heard))
    }
    hear(field_bus, "go", (e) => this.go(e.detail))
    hear(field_bus, "tool", (e) => { this.tool = e.detail; this.tools?.use(e.detail) })
    hear(field_bus, "cancel", (e) => { if (this.tools?.cancel()) e.preventDefault() })
    hear(field_bus, "limit", (e) => this.preview_limit(e.detail))
    hear(document, "sdcviz:cursor", (e) => this.cursor(e.detail))
    model.on("state", () => this.changed())
    model.on("remove", () => this.close())
    this.attach()
  }

  close() {
    this.closed = true
    clearTimeout(this.late)
    for (const stop of this.stop) stop()
    this.close_beside()
    this.tools?.close()
    this.frames.clear()
  }

  send(said) {
    this.model.send_msg(said)
  }

  build() {
    this.bar = new Bar()
    this.second = new Bar() // of residuals
    this.beside_bar = new Bar() // of a second layer with a range of its own
    for (const bar of [this.bar, this.second, this.beside_bar]) bar.node.hidden = true // until there is something to explain
    this.legend = make("div", {class: "legend"}, this.bar.node, this.beside_bar.node, this.second.node)
    this.readout = make("div", {class: "readout", role: "status"})
    this.said = make("div", {class: "said", "aria-live": "polite"})
    this.onward = make("button", {type: "button", class: "onward", hidden: true, onclick: () => this.send({do: "quality"})})
    this.tip = make("div", {class: "hover", hidden: true})
    this.over = make("div", {class: "over"}, this.legend, this.tip)
    this.build_beside()
    this.node = frame(this.model, this.over, this.over_twin, make("div", {class: "status"}, this.readout, this.onward, this.said))
  }

  // ---- the figure ---------------------------------------------------------------
  // It arrives with this, or a little later.
  attach(tries = 200) {
    if (this.closed) return
    const models = [...this.host.document._all_models.values()]
    const plot = models.findLast((m) => m.name === "product-map")
    const view = plot && globalThis.Bokeh?.index?.find_one(plot)
    if (!view?.frame || !view.renderer_views?.size) {
      if (tries) setTimeout(() => this.attach(tries - 1), 50)
      return
    }
    const named = (name) => plot.renderers.find((r) => r.name === name)
    const source = (name) => named(name).data_source
    this.plot = plot
    this.view = view
    this.sources = Object.fromEntries(["lines", "labels", "spread", "place", "line", "area", "draft", "cursor"].map((n) => [n, source(n)]))
    this.layers = new Layers(plot, [source("field-0"), source("field-1")])
    this.layers.set(0, null)
    this.layers.set(1, null)
    keep_ground(plot, view)
    // A tap is no reason to frame the map as if keys had brought one there.
    for (const node of [view.el, view.canvas_view?.el, view.canvas_view?.events_el]) if (node) node.style.outline = "none"
    this.tools = new Tools(plot, view, this.sources, {
      place: (at) => this.tapped(at),
      drawn: (kind, corners) => { this.send({do: kind, corners}); tell_bus("drawn", kind) },
      moved: (at) => this.pointed(at),
    })
    this.tools.use(this.tool ?? "place")
    const fit = () => {
      this.over.style.height = `${view.frame.bbox.height}px`
      this.over.style.width = `${view.frame.bbox.width}px`
      this.over_twin.style.cssText = `${this.over.style.cssText}; left: ${view.el.offsetWidth}px`
    }
    const watched = new ResizeObserver(() => setTimeout(fit, 60))
    watched.observe(view.el)
    this.stop.push(() => watched.disconnect())
    fit()
    this.changed()
    tell_bus("hello", null)
  }

  // ---- what is asked for -----------------------------------------------------------
  changed() {
    if (!this.plot) return
    const s = this.model.state
    if (!s.ready) {
      this.layers.set(0, null)
      this.drop_over()
      this.over.hidden = true
      this.say(s.sentence || (s.opening ? "Opening the product …" : ""), Boolean(s.sentence))
      return
    }
    this.over.hidden = false
    const own = s.second?.palette
    this.second_colours = own ? picture_colours(own) : null
    const key = JSON.stringify(s.palette)
    if (key !== this.palette_key) {
      this.palette_key = key
      this.colours = picture_colours(s.palette)
      this.dot_colours = Uint32Array.from(colours_of(s.palette), glyph_colour)
      this.ink_lines(s.palette)
    }
    this.limit = s.limit
    this.trying = undefined
    this.changed_beside()
    this.draw_shapes()
    if (this.now) this.refresh()
  }

  go(detail) {
    const before = this.now
    this.now = detail
    if (before && (before.step !== detail.step || before.level !== detail.level)) {
      this.way = [Math.sign(detail.step - before.step), Math.sign(detail.level - before.level)]
      document.dispatchEvent(new CustomEvent("sdcviz:cursor", {detail: {from: "sliders", time: detail.step, depth: this.depth(detail.level)}}))
    }
    if (this.plot && this.model.state.ready) this.refresh()
  }

  depth(level) {
    return this.model.state.depths?.[level]
  }

  query(step, level) {
    const s = this.model.state
    return this.against({...s.query, step, depth: this.depth(level)})
  }

  // The grid of a layer, fetched once.
  grid_of(query) {
    const {product, v, field, derived} = query
    const key = JSON.stringify([product, v, field, derived])
    if (!this.grids.has(key)) {
      const asked = this.frames.load(this.frames.address("grid", {product, v, field, derived}))
        .then((frame) => new Grid(frame))
      asked.catch(() => this.grids.delete(key))
      this.grids.set(key, asked)
    }
    return this.grids.get(key)
  }

  async refresh() {
    const number = ++this.asked
    const begun = performance.now()
    const {step, level, playing} = this.now
    const query = this.query(step, level)
    clearTimeout(this.resting)
    clearTimeout(this.late)
    this.late = setTimeout(() => { if (number === this.asked && !this.closed) this.say("Making the map …") }, LATE)
    this.keep_wanted(query)
    try {
      const grid = this.gridded?.key === this.grid_key(query) ? this.gridded.grid : await this.grid_of(query)
      if (number !== this.asked || this.closed) return
      this.gridded = {key: this.grid_key(query), grid}
      const beside = this.beside(query)
      const frame = this.frames.at_hand(this.kind, query) ?? await this.frames.fresh(this.kind, query)
      const both = beside && await beside
      const other = both?.[0].codes ? both : null
      const lonely = both && !other ? both[0].header.sentence : frame.codes ? "" : frame.header.sentence
      this.unmatched = this.model.state.compare_sentence || lonely
      if (number !== this.asked || this.closed) return
      clearTimeout(this.late)
      // The file was replaced: what is shown is new, and the session has to look at it anew.
      if (frame.header.version !== query.v && this.replaced !== query.v) {
        this.replaced = query.v
        this.send({do: "replaced"})
      }
      this.other = other ? other[0] : null
      if (frame.codes) {
        this.paint(frame, grid)
        this.paint_beside(frame, grid, other)
      } else {
        this.frame = null
        this.layers.set(0, null)
        this.paint_beside(null, null, null)
        for (const bar of [this.bar, this.beside_bar]) bar.node.hidden = true
        this.veil.hidden = true
      }
      if (this.unmatched) this.say(this.unmatched, true)
      tell_bus("painted", {step, level, ms: performance.now() - begun})
    } catch (error) {
      if (error.name === "AbortError" || number !== this.asked || this.closed) return
      clearTimeout(this.late)
      this.unmatched = this.frame = null
      this.layers.set(0, null)
      this.paint_beside(null, null, null)
      this.say(error.message, true)
      tell_bus("painted", {step, level, failed: true})
      if (error.status === 409) this.send({do: "replaced"})
      return
    }
    this.ahead(step, level)
    this.over_field(query, playing)
  }

  grid_key({product, v, field, derived}) {
    return `${product} ${v} ${field} ${derived}`
  }

  near(step, level) {
    const {steps, depths} = this.model.state
    const levels = Math.max(depths.length, 1)
    const [by_step, by_level] = this.way[0] || this.way[1] ? this.way : [1, 0]
    const found = []
    // Played at twenty maps a second, a few are on their way at any time.
    const ahead = this.now.playing ? 2 * AHEAD : AHEAD
    for (let k = 1; k <= ahead; k++) found.push([(step + k * by_step + steps * k) % steps, Math.min(Math.max(level + k * by_level, 0), levels - 1)])
    for (const [a, b] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      const t = (step + a + steps) % steps, z = level + b
      if (z >= 0 && z < levels) found.push([t, z])
    }
    return found.filter(([t, z]) => t !== step || z !== level)
  }

  ahead(step, level) {
    for (const [t, z] of this.near(step, level)) {
      const query = this.query(t, z)
      this.frames.get(this.kind, query).catch(() => {})
      this.beside(query)?.catch(() => {})
    }
  }

  keep_wanted(query) {
    const queries = [query, ...this.near(this.now.step, this.now.level).map(([t, z]) => this.query(t, z))]
    const wanted = new Set(queries.map((q) => this.frames.address(this.kind, q)))
    if (this.has_beside()) for (const q of queries) wanted.add(this.frames.address("second", this.second_query(q)))
    this.frames.only(wanted)
  }

  paint(frame, grid) {
    this.frame = frame
    const covered = this.model.state.dots === "coverage"
    this.layers.set(0, covered && this.coverage ? this.coverage : {frame, grid, colours: this.colours_now(), limit: this.code_limit(frame)})
    const {header} = frame
    const where = header.answer === "value" ? "" : header.sentence
    const thin = header.thinned > 1 ? `Of the grid every ${header.thinned}. point is drawn.` : ""
    this.say(where || this.masked_words() || this.over_said || thin || this.model.state.warning, header.answer === "damaged")
    if (!covered || !this.coverage) this.show_bar(header)
    this.point_again()
  }

  show_bar(header) {
    const {title} = this.model.state
    const unit = header.unit ? ` [${header.unit}]` : ""
    if (this.kind === "difference") {
      tell_bus("limits", header)
      this.show_difference(header, unit)
      return
    }
    const {limits} = header
    const seen = this.seen_counts(this.frame, this.layers.shown[0]?.limit)
    if (this.kind === "map") tell_bus("limits", {...header, ...seen})
    const palette = this.model.state.palette
    const second = this.other?.header
    const alone = !second || second.unit !== header.unit || second.limits.join() !== limits.join()
    const other = second && this.seen_counts(this.other, this.code_limit(this.other))
    const out = alone ? seen : {below: seen.below + other.below, above: seen.above + other.above}
    const places = header.answer === "empty" ? [] : null // what is empty has no range
    this.bar.show({...out, title: `${title}${unit}`, limits, palette, places, note: alone ? cells_out(seen) : both_out(seen, other)})
    this.beside_bar.node.hidden = !second || !alone
    if (second && alone) this.beside_bar.show({...second, ...other, title: `Second: ${second.title}${second.unit ? ` [${second.unit}]` : ""}`, palette: this.model.state.second?.palette ?? palette, note: cells_out(other)})
  }

  // Cells that are shown, and how many of them are out of the range.
  seen_counts(frame, limit) {
    const {codes, error, header: {cells, below, above}} = frame
    if (limit === null || limit === undefined || !error || !(below || above)) return {cells, below, above}
    const seen = {cells: 0, below: 0, above: 0}
    for (let i = 0; i < codes.length; i++) {
      if (codes[i] === MISSING || error[i] === 0 || error[i] > limit) continue
      seen.cells++
      if (codes[i] === BELOW) seen.below++
      else if (codes[i] === ABOVE) seen.above++
    }
    return seen
  }

  // A mask that leaves nothing is no empty product.
  masked_words() {
    const {frame} = this
    const limit = this.layers.shown[0]?.limit
    if (!frame?.error || limit === null || limit === undefined) return ""
    let least = 256
    for (let i = 0; i < frame.error.length; i++) {
      const code = frame.error[i]
      if (code && code < least && frame.codes[i] !== MISSING) least = code
    }
    return least === 256 || least <= limit ? "" : `The mask hides all of this map: the least relative error is ${Number(((least - 1) * frame.header.error_step).toFixed(3))}.`
  }

  code_limit(frame) {
    const limit = this.trying === undefined ? this.limit : this.trying
    const step = frame.header.error_step
    return limit === null || limit === undefined || !frame.error ? null : Math.round(limit / step) + 1
  }

  // The slider of the error moves: paint at once, what is exact follows.
  preview_limit(limit) {
    this.trying = limit
    if (!this.frame?.error || !this.layers?.shown[0]) return
    this.layers.shown[0].limit = this.code_limit(this.frame)
    this.layers.paint(0)
    this.limit_beside()
    if (!this.coverage) this.show_bar(this.frame.header)
    this.say(this.masked_words() || this.over_said)
  }

  say(sentence, wrong = false) {
    if (this.unmatched) [sentence, wrong] = [this.unmatched, true]
    this.said.textContent = sentence ?? ""
    this.said.title = sentence ?? ""
    this.said.classList.toggle("wrong", wrong)
  }
}

Object.assign(FieldDriver.prototype, OverField, CompareField)

export function render({model, view}) {
  return new FieldDriver(model, view).node
}

// Fills the sources of the figures that Python made (qc_plots.py). Nothing that is drawn
// here goes back to the server.

const PLOTS = ["a", "b", "c", "d"]
const AXES = ["x", "y"]
const DRAGS = ["BoxSelectTool", "LassoSelectTool", "PanTool"]
// The theme of the page gives axes more room than small plots have.
const LOOK = {axis_label_standoff: 2, minor_tick_line_color: null, major_tick_out: 4, axis_label_text_font_size: "11.5px"}
const HINT_LETTER = 6.3 // px of a letter of the sentence in a plot without samples

function padded([low, high], part = 0.06) {
  const room = (high - low) * part || Math.abs(high) * 0.02 || 1
  return [low - room, high + room]
}

class Plots extends Backing {
  // looks: flag -> [colour, marker]
  constructor(document, looks, on) {
    super()
    this.looks = looks
    this.on = on
    this.models = {}
    for (const model of document._all_models.values()) {
      if (model.name?.startsWith("desk-")) this.models[model.name.slice(5)] = model
    }
    this.stop = []
    if (!this.complete) return
    this.watch(this.models.samples.selected, () => {
      if (!this.filling) on.picked([...this.models.samples.selected.indices])
    })
    const near = this.models["map-near"].data_source
    this.watch(near.selected, () => {
      const [i] = near.selected.indices
      if (i === undefined) return
      quietly(near.selected, {indices: []})
      on.visit(near.data.row[i])
    })
    const here = this.models.here.data_source
    this.watch(here.selected, () => {
      if (!here.selected.indices.length) return
      quietly(here.selected, {indices: []})
      on.all()
    })
    const {x_range} = this.models.map
    const moved = () => {
      clearTimeout(this.moving)
      this.moving = setTimeout(() => this.draw_land(), 120)
    }
    x_range.change.connect(moved)
    this.stop.push(() => x_range.change.disconnect(moved))
  }

  set_land(land) {
    this.land = land
    this.draw_land(true)
  }

  get complete() {
    return [...PLOTS, "samples", "found", "map", "here"].every((name) => this.models[name])
  }

  watch(selected, heard) {
    const signal = selected.properties.indices.change
    signal.connect(heard)
    this.stop.push(() => signal.disconnect(heard))
  }

  close() {
    for (const stop of this.stop) stop()
  }

  // ---- one station -------------------------------------------------------

  draw(view, shown, labels) {
    this.view = view
    this.shown = shown
    this.pairs = this.pairs_of(view, shown)
    const data = {i: Int32Array.from({length: view.n}, (_, i) => i)}
    for (const plot of PLOTS) {
      AXES.forEach((axis, k) => { data[axis + plot] = this.column(this.pairs[plot][k]) })
    }
    this.columns = data
    for (const plot of PLOTS) lighten(this.models[plot])
    this.filling = true
    quietly(this.models.samples.selected, {indices: []})
    this.colour()
    this.filling = false
    for (const plot of PLOTS) this.frame(plot, labels)
    this.ground()
  }

  // Draws no station: what is not there must not look like another one.
  clear() {
    for (const [name, model] of Object.entries(this.models)) {
      const source = model.data_source ?? (model.type === "ColumnDataSource" ? model : null)
      if (source && name !== "land") quietly(source, {data: Object.fromEntries(Object.keys(source.data).map((key) => [key, []]))})
    }
  }

  // Series lie along time, and what has neither depth nor time along the order.
  pairs_of(view, {pairs}) {
    const along = {depth: "@depth", time: "@time", order: "@order"}[view.kind]
    const pair = (key) => (view.kind === "depth" ? [key, along] : [along, key])
    return {a: pair(pairs.a[0]), b: pair(pairs.b[0]), c: pairs.c, d: pairs.d}
  }

  column(key) {
    const {view} = this
    if (key === "@depth") return view.depth
    if (key === "@time") return view.time ?? new Float64Array(view.n).fill(NaN)
    if (key === "@order") return Float32Array.from({length: view.n}, (_, i) => i + 1)
    return view.values[key] ?? new Float32Array(view.n).fill(NaN)
  }

  // Colours and shapes by the flags as they are now.
  colour() {
    const {view, shown} = this
    const data = {...this.columns}
    // As numbers: to read thousands of colours as text would take longer than to draw them.
    const Colours = view.paint.constructor
    for (const [end, key] of [["", shown.target], ["_b", shown.pairs.b[0]]]) {
      const codes = this.on.flags(view, key)
      const colours = new Colours(view.n), markers = new Array(view.n)
      for (let i = 0; i < view.n; i++) {
        const look = this.looks[codes.length === 1 ? codes : codes[i]] ?? this.looks["0"]
        colours[i] = look[2]
        markers[i] = look[1]
      }
      data[`colour${end}`] = colours
      data[`marker${end}`] = markers
    }
    this.source("samples", data)
  }

  frame(plot, labels) {
    const {view} = this
    const [x, y] = this.pairs[plot]
    const [xs, ys] = [this.columns[`x${plot}`], this.columns[`y${plot}`]]
    const profile = plot === "a" || plot === "b"
    // Other stations stand behind profiles and pairs; beside a series in time they say nothing.
    const near = profile && view.kind !== "depth" ? null : view.near.lines[plot]
    this.source(`near-${plot}`, near ?? {x: EMPTY, y: EMPTY})
    const pairs = []
    for (let i = 0; i < xs.length; i++) {
      if (Number.isFinite(xs[i]) && Number.isFinite(ys[i])) pairs.push(i)
    }
    const px = Float64Array.from(pairs, (i) => xs[i]), py = Float64Array.from(pairs, (i) => ys[i])
    this.source(`path-${plot}`, {x: px, y: py})
    // Without a sample the frame still shows where there are some.
    const x_parts = [px.length ? px : xs], y_parts = [py.length ? py : ys]
    if (profile) {
      const band = this.band(plot, py)
      x_parts.push(band.low, band.high, this.climate(plot, py), this.product(plot, py))
    }
    if (plot === "c") this.density()
    this.range(plot, "x", x, x_parts)
    this.range(plot, "y", y, y_parts)
    this.hint(plot, px.length ? "" : this.lacking(x, y, labels))
    this.name_axes(plot, x, y, labels)
  }

  range(plot, axis, key, parts) {
    const range = this.models[plot][`${axis}_range`]
    let [start, end] = padded(extent(parts) ?? [0, 1])
    if (key === "@depth" && axis === "y") {
      start = Math.min(0, extent(parts)?.[0] ?? 0)
      if (start === 0) start = -0.015 * end
      ;[start, end] = [end, start]
    }
    quietly(range, {start, end, reset_start: start, reset_end: end})
  }

  lacking(x, y, labels) {
    const none = (key) => !this.column(key).some(Number.isFinite)
    const key = [x, y].find(none)
    if (!key) return "No sample has both"
    const name = labels(key).replace(/ \[.*/, "")
    // Names such as DensityPerUnitEffort stay as they are.
    return `No ${/[A-Z]/.test(name.slice(1)) ? name : name.toLowerCase()} in this station`
  }

  hint(plot, text) {
    const middle = (axis) => {
      const range = this.models[plot][`${axis}_range`]
      return (range.start + range.end) / 2
    }
    // Where the sentence is too wide for the plot, head and axes tell the name.
    const fits = text.length * HINT_LETTER <= this.models[plot].inner_width
    this.source(`hint-${plot}`, text ? {x: [middle("x")], y: [middle("y")], text: [fits ? text : "Not measured"]} : {x: [], y: [], text: []})
  }

  name_axes(plot, x, y, labels) {
    const time = x === "@time"
    const [axis_x, axis_y, axis_t] = ["x", "y", "time"].map((a) => this.models[`${plot}-${a}`])
    axis_x.setv({...LOOK, axis_label: labels(x), visible: !time}, {sync: false})
    axis_t.setv({...LOOK, visible: time}, {sync: false})
    axis_y.setv({...LOOK, axis_label: labels(y)}, {sync: false})
  }

  dress() {
    for (const plot of PLOTS) {
      for (const axis of ["x", "y", "time"]) this.models[`${plot}-${axis}`].setv(LOOK, {sync: false})
    }
  }

  // ---- findings and picks --------------------------------------------------

  mark(samples) {
    const take = (column) => Float64Array.from(samples, (i) => column[i])
    const data = {}
    for (const plot of PLOTS) {
      for (const axis of AXES) data[axis + plot] = take(this.columns[axis + plot])
    }
    this.source("found", data)
  }

  pick(samples) {
    this.filling = true
    this.models.samples.selected.setv({indices: samples}, {sync: false})
    this.filling = false
  }

  // ---- the map ---------------------------------------------------------------

  ground() {
    const {at, near} = this.view
    const known = at[0] !== null && at[1] !== null
    this.source("here", {x: known ? [at[0]] : [], y: known ? [at[1]] : []})
    this.source("map-near", {x: near.x, y: near.y, row: near.rows})
    const {map} = this.models
    if (!known) return
    // A little more than the neighbours, and never less than the sea around.
    let reach = 60_000
    for (let i = 0; i < near.x.length; i++) {
      reach = Math.max(reach, Math.abs(near.x[i] - at[0]), Math.abs(near.y[i] - at[1]))
    }
    reach *= 1.25
    const wide = (map.inner_width || 1) / (map.inner_height || 1)
    const [dx, dy] = wide > 1 ? [reach * wide, reach] : [reach, reach / wide]
    quietly(map.x_range, {start: at[0] - dx, end: at[0] + dx})
    quietly(map.y_range, {start: at[1] - dy, end: at[1] + dy})
    this.draw_land(true)
  }

  // Draws the coast around what the map shows, when it shows more than is drawn.
  draw_land(anew = false) {
    const {land, models: {map}} = this
    if (!land) return
    const box = [map.x_range.start, map.x_range.end, map.y_range.start, map.y_range.end]
    const pixel = (box[1] - box[0]) / (map.inner_width || 200)
    if (!anew && land.covers(box)) return
    this.source("land", land.cut(box, pixel))
  }

  // ---- tools -------------------------------------------------------------------

  // What a drag does in all plots: box, lasso or pan.
  drag(mode) {
    const wanted = {box: "BoxSelectTool", lasso: "LassoSelectTool", pan: "PanTool"}[mode]
    for (const plot of [...PLOTS, "map"]) {
      const tools = this.models[plot].toolbar.tools.filter((tool) => DRAGS.includes(tool.type))
      // The others first: a tool that is put away would take the place of a new one with it.
      for (const active of [false, true]) {
        for (const tool of tools) {
          if ((tool.type === wanted) === active) tool.setv({active}, {sync: false})
        }
      }
    }
  }

  whole(plot) {
    for (const axis of AXES) {
      const range = this.models[plot][`${axis}_range`]
      quietly(range, {start: range.reset_start, end: range.reset_end})
    }
  }
}

// What lies over the field: dots, coverage, lines of equal value, shapes, and the pointer.

const DAY = new Intl.DateTimeFormat("en-GB", {day: "numeric", month: "long", year: "numeric", timeZone: "UTC"})

function degrees(value, letters) {
  const size = Math.abs(value)
  return `${size.toFixed(3)}° ${letters[value < 0 ? 1 : 0]}`
}

// Lines of equal value; labels that would lie on one another are left out.
function put_lines(sources, found, apart = 0) {
  const labels = []
  for (const l of found?.header.labels ?? []) {
    if (labels.every((k) => Math.hypot(k[0] - l[0], k[1] - l[1]) >= apart)) labels.push(l)
  }
  put_data(sources.lines, {x: found?.x ?? [], y: found?.y ?? []})
  put_data(sources.labels, {
    x: labels.map((l) => l[0]), y: labels.map((l) => l[1]),
    text: labels.map((l) => short(l[2]).replace("-", "−")), angle: labels.map((l) => l[3]),
  })
}

const OverField = {
  drop_lines() {
    for (const sources of [this.sources, ...(this.twin ? [this.twin.sources] : [])]) put_lines(sources, null)
  },

  drop_dots() {
    this.spread = null
    put_data(this.sources.spread, {x: [], y: [], c: []})
    this.mirror()
  },

  drop_over() {
    this.drop_lines()
    this.drop_dots()
    this.coverage = null
    this.over_said = ""
  },

  // Dots and lines of what is shown; those of another map go at once.
  over_field(query, playing) {
    const s = this.model.state
    const {key, window: [metres, days]} = s
    const asked = {...s.query, ...query, key, metres, days, per: null, low: null, high: null, mask: s.mask_words, error: false}
    const dots = s.dots === "observations" || s.dots === "residuals"
    const kind = dots ? "dots" : "coverage"
    const wanted = {...asked, residuals: s.dots === "residuals"}
    if (s.dots !== "coverage") this.coverage = null
    this.second.node.hidden = true
    if (s.dots === "none") {
      this.drop_dots()
      this.over_said = ""
    } else {
      const known = this.frames.at_hand(kind, wanted)
      if (known) {
        this.draw_over(known, s)
      } else {
        this.drop_dots()
        this.coverage = null
      }
      const number = this.asked
      const ask = () => this.frames.get(kind, wanted).then((found) => {
        if (number === this.asked && !this.closed) this.draw_over(found, this.model.state)
      }, (error) => this.over_failed(error, number))
      if (!known) this.resting = setTimeout(ask, playing ? 0 : REST / 4)
    }
    this.lines_over(query, playing)
  },

  lines_over(query, playing) {
    const s = this.model.state
    clearTimeout(this.lining)
    const [low, high] = this.frame?.header.limits ?? [0, 0]
    if (!s.contours || !(low < high)) {
      this.drop_lines()
      return
    }
    const kind = this.kind === "difference" ? "lines_of_difference" : "contours"
    const lines = {...s.query, ...query, per: null, low, high, mask: s.mask_words}
    const known = this.frames.at_hand(kind, lines)
    if (known) {
      this.draw_lines(known)
      if (this.mode === "side" && !playing) this.lines_beside(query)
      return
    }
    this.drop_lines()
    if (playing) return
    if (this.mode === "side") this.lines_beside(query)
    const number = this.asked
    this.lining = setTimeout(() => this.frames.get(kind, lines).then((found) => {
      if (number === this.asked && !this.closed) this.draw_lines(found)
    }, () => {}), REST)
  },

  over_failed(error, number) {
    if (error.name === "AbortError" || number !== this.asked || this.closed) return
    if (error.status === 404) this.send({do: "reload"})
    else this.say(error.message, true)
  },

  draw_over(found, s) {
    if (s.dots === "coverage") this.draw_coverage(found, s)
    else this.draw_dots(found, s)
    const {header} = found
    const {inside, total, drawn, words} = header
    const some = s.dots === "coverage" ? "" : drawn < inside ? ` (${number(drawn)} drawn)` : ""
    const which = s.dots === "residuals" ? " with a residual" : ""
    this.over_said = header.sentence || `${number(inside)} of ${counted(total, "observation")}${which}: ${words}${some}`
    const coloured = s.dots !== "observations" || this.has_own_scale(s)
    if (!coloured && drawn) this.over_said += "; grey: where they are, for the map shows something else"
    if (this.frame?.header.answer === "value") this.say(this.masked_words() || this.over_said)
    tell_bus("counted", {inside, total, words, sentence: header.sentence ?? ""})
  },

  // Whether the map shows what was observed, so that dots have its colours.
  has_own_scale(s) {
    return this.kind === "map" && !s.query.error && !s.query.derived
  },

  draw_dots(found, s) {
    const {x, y, value, residual, header} = found
    const n = x?.length ?? 0
    const colours = new Uint32Array(n)
    this.spread = n ? found : null
    if (residual) {
      const most = header.most || 1
      const palette = Uint32Array.from(colours_of(s.diverging), glyph_colour)
      for (let i = 0; i < n; i++) colours[i] = palette[Math.max(FIRST, Math.min(LAST, code_of(Math.max(-most, Math.min(most, residual[i])), [-most, most])))]
      const unit = header.unit ? ` [${header.unit}]` : ""
      const sign = (v) => `${v < 0 ? "−" : "+"}${Math.abs(v).toPrecision(2)}`
      this.second.show({
        title: `Observation − product${unit}`, limits: [-most, most], palette: s.diverging,
        note: n ? `±${short(Number(most.toPrecision(2)))} and beyond · mean ${sign(header.mean)} · RMS ${header.rms.toPrecision(2)}` : "",
      })
      this.second.node.hidden = !n
    } else if (this.frame) {
      const {limits} = this.frame.header
      const own = this.has_own_scale(s)
      for (let i = 0; i < n; i++) colours[i] = own ? this.dot_colours[code_of(value[i], limits)] : 0x7d8a92ff
    }
    // Many are smaller, so that they hide less of the field and of each other.
    const glyph = this.plot.renderers.find((r) => r.name === "spread").glyph
    const size = n > 1500 ? 4.5 : 6
    if (glyph.size?.value !== size) quietly(glyph, {size: {value: size}, line_width: {value: size / 10}})
    put_data(this.sources.spread, n ? {x, y, c: colours} : {x: [], y: [], c: []})
    this.mirror()
  },

  // Numbers of observations by cell instead of the field, by their logarithm.
  draw_coverage(found, s) {
    this.drop_dots()
    const {header, counts} = found
    if (!counts || !this.gridded) return
    const most = Math.max(header.most, 2)
    const codes = Uint8Array.from(counts, (n) => (n ? FIRST + Math.round(Math.log(n) / Math.log(most) * (LAST - FIRST)) : MISSING))
    this.coverage = {frame: {codes, header: {limits: [0, 1]}, counts}, grid: this.gridded.grid, colours: picture_colours(s.count_palette), limit: null}
    this.layers.set(0, this.coverage)
    if (this.kind === "difference") {
      this.layers.set(1, null)
      this.veil.hidden = true
    }
    const ticks = [1, 3, 10, 30, 100, 300, 1000, 3000, 10000].filter((n) => n < 0.8 * most).concat(most)
    this.bar.show({
      title: "Observations per cell", limits: [1, most], palette: s.count_palette,
      places: ticks.map((n) => [Math.log(n) / Math.log(most), number(n)]),
      note: `${number(header.cells)} of ${counted(this.frame?.header.cells ?? 0, "cell")} have some`,
    })
  },

  // Lines light on dark colours, dark on light ones.
  ink_lines(palette) {
    const light = palette.reduce((sum, c) => {
      const n = Number.parseInt(c.slice(1), 16)
      return sum + 0.3 * (n >> 16) + 0.59 * ((n >> 8) & 255) + 0.11 * (n & 255)
    }, 0) / palette.length
    const ink = light < 128 ? "#ffffff" : "#1d262b"
    for (const plot of [this.plot, ...(this.twin ? [this.twin.plot] : [])]) {
      const glyph = (name) => plot.renderers.find((r) => r.name === name).glyph
      quietly(glyph("lines"), {line_color: {value: ink}})
      quietly(glyph("spread"), {line_color: {value: `${ink}90`}})
      quietly(glyph("labels"), {text_color: {value: ink}})
    }
  },

  draw_lines(found) {
    put_lines(this.sources, found, 34 * this.tools.pixel())
  },

  draw_shapes() {
    const s = this.model.state
    this.onward.hidden = !s.station
    this.onward.textContent = s.station ? `Open in Quality: ${s.station}` : ""
    const [px, py] = s.place ? this.turned(...to_xy(...s.place)) : [[], []]
    put_data(this.sources.place, {x: s.place ? [px] : [], y: s.place ? [py] : []})
    put_data(this.sources.line, s.line ? along(s.line) : {x: [], y: []})
    const area = (s.area ?? []).map((c) => to_xy(...c))
    put_data(this.sources.area, {x: area.map((c) => c[0]), y: area.map((c) => c[1])})
    this.mirror()
  },

  // A grid that runs over the date line shows places there at another turn.
  turned(x, y) {
    const turn = 2 * Math.PI * RADIUS
    const box = this.gridded?.grid.box
    if (box && x < box[0] && x + turn <= box[2]) return [x + turn, y]
    if (box && x > box[2] && x - turn >= box[0]) return [x - turn, y]
    return [x, y]
  },

  // ---- the pointer ----------------------------------------------------------------
  tapped(at) {
    const dot = this.nearest(at)
    this.send({do: "place", at: [to_lon(at.x), to_lat(at.y)], row: dot < 0 ? null : this.spread.station[dot]})
  },

  // The dot under the pointer, or -1.
  nearest({x, y}) {
    if (!this.spread) return -1
    const reach = 6 * this.tools.pixel()
    let found = -1, best = reach * reach
    const {x: xs, y: ys} = this.spread
    for (let i = 0; i < xs.length; i++) {
      const d = (xs[i] - x) ** 2 + (ys[i] - y) ** 2
      if (d <= best) [found, best] = [i, d]
    }
    return found
  },

  pointed(at) {
    this.pointer = at
    if (!at) {
      this.readout.textContent = ""
      this.tip.hidden = true
      document.dispatchEvent(new CustomEvent("sdcviz:cursor", {detail: {from: "map"}}))
      return
    }
    this.point_again()
    const detail = {from: "map", lon: (to_lon(at.x) + 540) % 360 - 180, lat: to_lat(at.y)}
    document.dispatchEvent(new CustomEvent("sdcviz:cursor", {detail}))
  },

  point_again() {
    const at = this.pointer
    if (!at || !this.model.state.ready || !this.layers.shown[0]) return
    const lon = (to_lon(at.x) + 540) % 360 - 180
    const parts = [`${degrees(to_lat(at.y), "NS")}, ${degrees(lon, "EW")}`]
    const there = this.layers.at(0, at.x, at.y)
    parts.push(there ? this.value_words(there) : "outside the grid", ...this.beside_words(at))
    this.readout.textContent = parts.join(" · ")
    this.hover(at)
  },

  value_words(there) {
    if (this.coverage) return counted(this.coverage.frame.counts[there.point], "observation")
    const {limits, unit} = this.frame.header
    const error = there.error === null || this.model.state.query.error ? "" : `, relative error ${there.error.toFixed(2)}`
    if (there.missing) return this.model.state.no_value
    if (there.hidden) return `masked${error}`
    if (there.out) return `${there.out} ${figured(limits[there.out === "below" ? 0 : 1], limits)} ${unit}${error}`
    return `${figured(there.value, limits)} ${unit}${error}`
  },

  hover(at) {
    const i = this.nearest(at)
    this.tip.hidden = i < 0
    if (i < 0) return
    const {value, depth, time, name, residual, header} = this.spread
    const s = this.model.state
    const lines = [header.stations[name[i]] || "Station without a name"]
    lines.push(`${short(value[i])} ${header.unit}${Number.isFinite(depth[i]) ? ` at ${short(depth[i])} ${s.depth_unit}` : ""}`)
    if (Number.isFinite(time[i])) lines.push(DAY.format(new Date(time[i])))
    const off = residual ? residual[i] : this.misfit(i)
    if (off !== null && Number.isFinite(off)) lines.push(`${off < 0 ? "−" : "+"}${Math.abs(off).toPrecision(3)} ${header.unit} against ${residual ? "the product there" : "this map"}`)
    this.tip.replaceChildren(...lines.map((text) => make("div", {}, text)))
    const {x_range: x, y_range: y} = this.plot, {width, height} = this.view.frame.bbox
    const left = (this.spread.x[i] - x.start) / (x.end - x.start) * width
    const top = (y.end - this.spread.y[i]) / (y.end - y.start) * height
    this.tip.style.left = `${left > width - 220 ? left - 12 : left + 12}px`
    this.tip.style.top = `${Math.min(top, height - 90)}px`
    this.tip.style.transform = left > width - 220 ? "translateX(-100%)" : ""
  },

  misfit(i) {
    const {query} = this.model.state
    const there = this.kind !== "map" || query.error || query.derived ? null : this.layers.at(0, this.spread.x[i], this.spread.y[i])
    return there && !there.missing && !there.out ? this.spread.value[i] - there.value : null
  },

  // Another panel's pointer.
  cursor({from, lon, lat}) {
    if (from === "map" || !this.sources) return
    const there = Number.isFinite(lon) && Number.isFinite(lat)
    const [x, y] = there ? this.turned(...to_xy(lon, lat)) : []
    quietly(this.sources.cursor, {data: {x: there ? [x] : [], y: there ? [y] : []}})
  },
}

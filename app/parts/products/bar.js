// The bar over the map of a field. Sliders and play tell the map in the browser (field_map.js)
// at once, and the server where they came to rest.

const REST = 280 // ms without a move after which the server hears
const SPEEDS = [2, 5, 10, 20] // maps a second
const TOOLS = [
  ["place", "Tap", "Tap a point: profile, series and diagram there", "M12 2a7 7 0 0 0-7 7c0 5 7 13 7 13s7-8 7-13a7 7 0 0 0-7-7zm0 4.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5z"],
  ["line", "Line", "Draw a line for a section: tap its corners, double click ends, Esc cancels", "M4 17.5 9.5 9l5 6L20 5.5l1.6 1L14.8 18l-5-6-4.2 6.5z"],
  ["area", "Area", "Draw an area to sum up: tap its corners, double click ends, Esc cancels", "M12 3 21 9.5 17.5 20h-11L3 9.5zm0 2.4L5.3 10.2 7.9 18h8.2l2.6-7.8z"],
]
const field_bus = (globalThis.sdcvizField ??= new EventTarget())

function icon(path) {
  return draw("svg", {viewBox: "0 0 24 24", width: 15, height: 15, "aria-hidden": "true"}, draw("path", {d: path, fill: "currentColor"}))
}

function copied(text) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text)
  // The clipboard's own door is shut where the page has no TLS; the old way works there.
  const area = make("textarea")
  area.value = text
  document.body.append(area)
  area.select()
  document.execCommand("copy")
  area.remove()
}

class ProductBar {
  constructor(model) {
    this.model = model
    this.own = null // what was chosen here and the server has not said yet
    this.stop = []
    this.tool = "place"
    this.playing = null // "time" or "depth"
    this.speed = 10
    this.build()
    this.listen()
    model.on("state", () => this.show())
    model.on("remove", () => this.close())
    this.show()
  }

  send(said) {
    this.model.send_msg(said)
  }

  close() {
    this.pause()
    for (const stop of this.stop) stop()
  }

  build() {
    this.fields = make("select", {"aria-label": "Field", onchange: () => this.send({do: "field", field: this.fields.value})})
    this.made = make("span", {class: "made"})
    this.errors = make("button", {type: "button", title: "Show the error of the field", onclick: () => this.send({do: "error", on: !this.model.state.error})}, "Error")
    this.values = make("button", {type: "button", title: "Show the field", onclick: () => this.send({do: "error", on: false})}, "Field")
    this.tools = TOOLS.map(([key, title, hint, path]) => make("button", {type: "button", "aria-label": title, title: hint, onclick: () => this.use(key)}, icon(path)))
    this.clear = make("button", {type: "button", class: "plain", title: "Take away point, line and area", onclick: () => this.send({do: "clear"})}, "Clear")
    this.whole = make("button", {type: "button", class: "plain", title: "Look at the whole product", onclick: () => this.send({do: "fit"})}, "Zoom to product")
    const view = (key, title) => make("button", {type: "button", onclick: () => this.send({do: "view", view: key})}, title)
    this.views = {map: view("map", "Map"), review: view("review", "Review")}
    this.share = make("button", {type: "button", title: "Copy a link that opens this view", onclick: () => {
      copied(window.location.href)
      this.share.textContent = "Copied"
      setTimeout(() => { this.share.textContent = "Copy link" }, 1500)
    }}, "Copy link")
    this.export = make("button", {type: "button", title: "Figure, animation, data, Python", onclick: () => this.send({do: "export"})}, "Export")
    this.time = steps_slider("Time", () => this.moved())
    this.depth = steps_slider("Depth", () => this.moved())
    this.play = make("button", {type: "button", class: "play", title: "Play through time (Space)", "aria-label": "Play", onclick: () => this.toggle("time")}, "▶")
    this.dive = make("button", {type: "button", class: "play", title: "Play through depth", "aria-label": "Play through depth", onclick: () => this.toggle("depth")}, "▶")
    this.speeds = make("select", {"aria-label": "Speed", title: "Maps a second", onchange: () => { this.speed = Number(this.speeds.value) }})
    offer(this.speeds, SPEEDS.map((s) => [String(s), `${s}/s`]), String(this.speed))
    this.time.prepend(this.play)
    this.time.append(this.speeds)
    this.depth.prepend(this.dive)
    const chips = (...nodes) => make("div", {class: "chips"}, ...nodes)
    this.what = chips(this.values, this.errors)
    this.map_only = [this.fields, this.what, chips(...this.tools), this.clear, this.whole]
    this.sliders = make("div", {class: "line sliders"}, this.depth, this.time)
    this.node = frame(this.model,
      make("div", {class: "line"}, chips(...Object.values(this.views)), this.fields, this.made, this.what, this.map_only[2], this.clear, this.whole, make("span", {class: "grow"}), this.export, this.share),
      this.sliders)
  }

  listen() {
    const hear = (target, kind, heard) => {
      target.addEventListener(kind, heard)
      this.stop.push(() => target.removeEventListener(kind, heard))
    }
    hear(document, "keydown", (e) => this.key(e))
    hear(field_bus, "hello", () => this.tell_map())
    hear(field_bus, "painted", (e) => this.painted(e.detail))
    hear(field_bus, "drawn", () => this.use("place"))
    // In the bar itself keys of the arrows move its sliders, and the rest is as anywhere.
    this.node.addEventListener("keydown", (e) => this.key(e))
  }

  // ---- keys -----------------------------------------------------------------------
  key(e) {
    if (e.ctrlKey || e.metaKey || e.altKey || !this.node.isConnected || !this.node.offsetParent) return
    const target = e.composedPath()[0]
    const {model} = this
    if (!model.state.ready || model.state.view !== "map") return
    if (e.key === "Escape") {
      // Something half drawn is dropped first, then the tool.
      const on_the_way = !field_bus.dispatchEvent(new CustomEvent("cancel", {cancelable: true}))
      if (!on_the_way && this.tool !== "place") this.use("place")
      return
    }
    const slider = target instanceof HTMLInputElement && target.type === "range"
    const typing = target instanceof HTMLElement && (target.isContentEditable || (/^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName) && !slider))
    if (typing || target.closest?.('[role="dialog"], [role="tab"], [role="menu"], [role="listbox"]')) return
    if (slider && !this.node.contains(target)) return
    const does = {
      // After December comes January.
      ArrowLeft: () => this.time.move(-1, model.state.climatology),
      ArrowRight: () => this.time.move(1, model.state.climatology),
      ArrowUp: () => this.depth.move(-1), ArrowDown: () => this.depth.move(1),
      " ": () => this.toggle(this.playing ?? "time"),
    }[e.key]
    if (!does || (e.key === " " && target instanceof HTMLButtonElement)) return
    e.preventDefault()
    e.stopPropagation()
    does()
  }

  use(tool) {
    this.tool = tool
    this.mark_tools()
    field_bus.dispatchEvent(new CustomEvent("tool", {detail: tool}))
  }

  mark_tools() {
    this.tools.forEach((button, n) => button.setAttribute("aria-pressed", String(TOOLS[n][0] === this.tool)))
  }

  // ---- sliders --------------------------------------------------------------------
  tell_map() {
    const s = this.model.state
    if (!s.ready) return
    field_bus.now = {step: this.time.at(), level: this.depth.at(), playing: Boolean(this.playing)}
    field_bus.dispatchEvent(new CustomEvent("go", {detail: field_bus.now}))
  }

  moved() {
    this.tell_map()
    clearTimeout(this.resting)
    if (!this.playing) this.resting = setTimeout(() => this.tell_server(), REST)
  }

  tell_server() {
    const step = this.time.at(), level = this.depth.at()
    this.own = {step, level, since: performance.now()}
    this.send({do: "at", step, depth: this.model.state.depths[level] ?? null})
  }

  // ---- play -----------------------------------------------------------------------
  toggle(what) {
    if (this.playing === what) {
      this.pause()
      return
    }
    const slider = what === "time" ? this.time : this.depth
    if (slider.count() < 2) return
    this.playing = what
    this.mark_play()
    this.tick()
  }

  pause() {
    if (!this.playing) return
    this.playing = null
    clearTimeout(this.ticking)
    this.mark_play()
    this.tell_map()
    this.tell_server()
  }

  mark_play() {
    for (const [button, what] of [[this.play, "time"], [this.dive, "depth"]]) {
      const on = this.playing === what
      button.textContent = on ? "❚❚" : "▶"
      button.classList.toggle("on", on)
      button.setAttribute("aria-pressed", String(on))
    }
  }

  tick() {
    if (!this.playing) return
    this.due = performance.now() + 1000 / this.speed
    this.waits = true
    ;(this.playing === "time" ? this.time : this.depth).move(1, true)
    // A map that does not come stops nothing for ever.
    this.ticking = setTimeout(() => this.painted({}), 5000)
  }

  // The next map once this one is on the screen.
  painted() {
    if (!this.playing || !this.waits) return
    this.waits = false
    clearTimeout(this.ticking)
    this.ticking = setTimeout(() => this.tick(), Math.max(0, this.due - performance.now()))
  }

  // ---- what the server says ---------------------------------------------------------
  show() {
    const s = this.model.state
    const map = s.view !== "review"
    for (const [key, button] of Object.entries(this.views)) button.setAttribute("aria-pressed", String(key === s.view))
    for (const node of this.map_only) node.hidden = !map || !s.ready
    this.sliders.hidden = !map || !s.ready
    this.export.disabled = !s.ready
    if (!s.ready) {
      this.pause()
      this.made.hidden = true
      return
    }
    offer(this.fields, s.fields, s.field)
    this.made.textContent = s.derived
    this.made.title = s.derived
    this.made.hidden = !s.derived || !map
    this.what.hidden = !map || !s.has_error || Boolean(s.derived)
    this.values.setAttribute("aria-pressed", String(!s.error))
    this.errors.setAttribute("aria-pressed", String(s.error))
    this.clear.hidden = !map || !(s.shapes.place || s.shapes.line || s.shapes.area)
    this.mark_tools()
    // What the server says is older than what was chosen last, until it says that.
    if (this.own && ((s.step === this.own.step && s.level === this.own.level) || performance.now() - this.own.since > 5000)) this.own = null
    const mine = this.own || this.playing
    const at = (slider, theirs, count) => Math.min(mine ? slider.at() : theirs, Math.max(count - 1, 0))
    const depths = s.depths.map((d) => `${number(Number(d.toFixed(2)))} ${s.depth_unit}`)
    const before = `${this.time.at()} ${this.depth.at()} ${this.time.count()} ${this.depth.count()}`
    this.time.put(at(this.time, s.step, s.times.length), s.climatology ? "Month" : "Time", s.times)
    this.depth.put(at(this.depth, s.level, depths.length), "Depth", depths)
    this.time.querySelector(".of").title = s.climatology ? "A climatology: months of many years" : ""
    const now = `${this.time.at()} ${this.depth.at()} ${this.time.count()} ${this.depth.count()}`
    if (now !== before || !field_bus.now) this.tell_map()
  }
}

export function render({model}) {
  return new ProductBar(model).node
}

// The form of the filters: one component for the whole drawer, since each widget of
// its own would cost every new page on the server. Python gives what can be chosen and
// what is chosen (`form`, `state`, `counts`); each choice goes back as one message.

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
const WINDOWS = {month: 1, season: 3, year: 12} // months
const REST = 900 // ms that play shows a window
const SEND = 160 // ms between two messages of one drag
const GRIP = 7 // px from the edge of a range where it can be taken
const LISTED = 150 // names shown of a long list

const SCALES = {
  linear: [(v) => v, (p) => p],
  // finer near the surface; heights above the sea stay negative
  root: [(v) => Math.sign(v) * Math.sqrt(Math.abs(v)), (p) => Math.sign(p) * p * p],
}

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) {
      node.addEventListener(name.slice(2), value)
    } else if (value !== undefined && value !== false) {
      node.setAttribute(name, value === true ? "" : value)
    }
  }
  node.append(...children)
  return node
}

function day(ms) {
  return new Date(ms).toISOString().slice(0, 10)
}

function number_text(value) {
  return String(Number(value.toPrecision(5)))
}

// What a person may write in a field of a range: null is nothing, undefined is a mistake.
function read_day(text) {
  if (!text) return null
  const whole = /^(\d{4})(-\d{2})?(-\d{2})?$/.exec(text)
  return whole && !Number.isNaN(Date.parse(text)) ? text : undefined
}

function read_number(text) {
  if (!text) return null
  const value = Number(text.replace(",", "."))
  return Number.isFinite(value) ? value : undefined
}

// A histogram that is itself the slider of its range.
class Slider {
  constructor(name, send) {
    this.name = name
    this.is_time = name === "time"
    this.send = send
    this.box = make("div", {class: "plot", "data-slider": name})
    this.box.innerHTML =
      '<svg preserveAspectRatio="none"><path class="bars"/></svg>' +
      '<div class="range"><i></i><i></i></div><div class="ticks"></div>'
    this.fields = [0, 1].map((end) =>
      make("input", {
        "aria-label": `${name} ${end ? "to" : "from"}`,
        onchange: () => this.typed(),
        spellcheck: "false",
      }),
    )
    this.head = make("h4")
    this.node = make(
      "section", {}, this.head, this.box,
      make("div", {class: "fields"}, this.fields[0], "to", this.fields[1]),
    )
    this.range = this.box.querySelector(".range")
    this.box.addEventListener("pointerdown", (event) => this.grab(event))
    this.box.addEventListener("pointermove", (event) => this.moved(event))
    this.box.addEventListener("pointerup", (event) => this.released(event))
    this.box.addEventListener("dblclick", () => this.choose(null))
  }

  // form: {title, scale, edges, heights, ticks: [[value, label]]}
  draw(form) {
    this.node.hidden = !form
    if (!form) return
    this.head.textContent = form.title
    ;[this.to_place, this.to_value] = SCALES[form.scale]
    this.edges = form.edges
    const places = form.edges.map(this.to_place)
    this.first = places[0]
    this.last = places[places.length - 1]
    const high = Math.max(...form.heights, 1e-30)
    let path = ""
    form.heights.forEach((height, i) => {
      const x = this.part(places[i]), w = this.part(places[i + 1]) - x
      const h = 0.95 * Math.sqrt(height / high) // few must be seen beside many
      if (h > 0) path += `M${x} 1v${-h}h${w * 0.94}v${h}z`
    })
    const svg = this.box.querySelector("svg")
    svg.setAttribute("viewBox", "0 0 1 1")
    svg.firstChild.setAttribute("d", path)
    this.box.querySelector(".ticks").replaceChildren(
      ...form.ticks.map(([value, label]) => {
        const part = this.part(this.to_place(value))
        const move = part < 0.08 ? "0" : part > 0.92 ? "-100%" : "-50%"
        return make("span", {style: `left:${100 * part}%;transform:translateX(${move})`}, label)
      }),
    )
    this.show(this.chosen)
  }

  part(place) {
    return (place - this.first) / (this.last - this.first || 1)
  }

  // chosen: [low, high], either null, or null
  show(chosen) {
    this.chosen = chosen
    if (!this.edges || this.held) return
    const [low, high] = this.parts(chosen)
    this.place(low, high)
    this.fields.forEach((field, end) => {
      // What is being typed stays: an answer to something earlier must not wipe it out.
      const typing = field.getRootNode().activeElement === field && field.value !== field.shown
      if (typing) return
      field.classList.remove("wrong")
      const value = chosen?.[end] ?? null
      const limit = this.edges[end ? this.edges.length - 1 : 0]
      field.value = field.shown = value === null ? "" : this.text(value, end)
      field.placeholder = this.text(limit, end)
    })
    this.box.classList.toggle("all", !chosen)
  }

  // The end of a time range is the first moment after it; people write the last day in it.
  text(value, end) {
    return this.is_time ? day(end ? value - 1 : value) : number_text(value)
  }

  parts(chosen) {
    const at = (value, otherwise) =>
      value === null || value === undefined ? otherwise : this.part(this.to_place(value))
    return [at(chosen?.[0], 0), at(chosen?.[1], 1)].map((p) => Math.min(1, Math.max(0, p)))
  }

  place(low, high) {
    this.range.style.left = `${100 * low}%`
    this.range.style.right = `${100 * (1 - high)}%`
    this.now = [low, high]
  }

  grab(event) {
    if (!this.edges || event.button) return
    this.box.setPointerCapture(event.pointerId)
    const width = this.box.clientWidth
    const at = this.at(event)
    const [low, high] = this.now
    const whole = low <= 0 && high >= 1
    const near = (edge) => Math.abs(edge - at) * width < GRIP
    if (near(high) && !(whole && at < 0.5)) this.held = {fixed: low}
    else if (near(low)) this.held = {fixed: high}
    else if (!whole && at > low && at < high) this.held = {from: at, low, high}
    else this.held = {fixed: at}
    this.sent = 0
    event.preventDefault()
  }

  at(event) {
    const box = this.box.getBoundingClientRect()
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width))
  }

  moved(event) {
    if (!this.held) return
    const at = this.at(event)
    if (this.held.fixed !== undefined) {
      this.place(Math.min(this.held.fixed, at), Math.max(this.held.fixed, at))
    } else {
      const span = this.held.high - this.held.low
      const low = Math.min(1 - span, Math.max(0, this.held.low + at - this.held.from))
      this.place(low, low + span)
    }
    this.box.classList.remove("all")
    if (event.timeStamp - this.sent > SEND) {
      this.sent = event.timeStamp
      this.choose(this.values())
    }
  }

  released() {
    if (!this.held) return
    this.held = null
    const [low, high] = this.now
    const nothing = high - low < 0.004 || (low <= 0.002 && high >= 0.998)
    this.choose(nothing ? null : this.values())
    if (nothing) this.show(null)
  }

  values() {
    return this.now.map((part) => this.to_value(this.first + part * (this.last - this.first)))
  }

  choose(values) {
    if (values && this.is_time) {
      const [low, high] = values
      this.send({time: [day(low), day(Math.max(low, high - 1))]})
    } else {
      this.send({[this.name]: values && values.map((value) => Number(number_text(value)))})
    }
  }

  typed() {
    const read = this.is_time ? read_day : read_number
    const values = this.fields.map((field) => read(field.value.trim()))
    this.fields.forEach((field, i) => field.classList.toggle("wrong", values[i] === undefined))
    if (values.includes(undefined)) return
    this.send({[this.name]: values.every((value) => value === null) ? null : values})
  }
}

// Small buttons of which any number can be pressed.
class Chips {
  constructor(name, send) {
    this.name = name
    this.send = send
    this.node = make("div", {class: "chips", "data-chips": name})
  }

  // options: [[value, label, colour]]
  draw(options) {
    this.node.replaceChildren(
      ...options.map(([value, label, colour]) => {
        const button = make("button", {type: "button", onclick: () => this.press(value)}, label)
        if (colour) button.style.setProperty("--dot", colour)
        button.value = value
        return button
      }),
    )
    this.show(this.chosen ?? [])
  }

  show(chosen) {
    this.chosen = chosen
    for (const button of this.node.children) {
      button.setAttribute("aria-pressed", chosen.map(String).includes(button.value))
    }
  }

  press(value) {
    this.send({turn: this.name, value})
  }
}

// A long list of names behind a line that tells how many are chosen.
class Names {
  constructor(name, send) {
    this.name = name
    this.send = send
    this.options = []
    this.chosen = []
    this.told = make("span")
    this.title = make("b")
    this.search = make("input", {placeholder: "Search", oninput: () => this.list()})
    this.rows = make("div", {class: "rows"})
    this.node = make(
      "details", {"data-names": name, ontoggle: () => this.list()},
      make("summary", {}, this.title, this.told), this.search, this.rows,
    )
  }

  // form: {title, options: [[value, label]]}
  draw(form) {
    this.node.hidden = !form || !form.options.length
    if (!form) return
    this.title.textContent = form.title
    this.options = form.options
    this.search.hidden = form.options.length < 9
    this.show(this.chosen)
  }

  show(chosen) {
    this.chosen = chosen
    this.told.textContent = chosen.length ? `${chosen.length} of ${this.options.length}` : ""
    this.list()
  }

  list() {
    if (!this.node.open) return
    const wanted = this.search.value.toLowerCase()
    const found = this.options.filter(([, label]) => label.toLowerCase().includes(wanted))
    const rows = found.slice(0, LISTED).map(([value, label]) => {
      const box = make("input", {type: "checkbox", onchange: () => this.tick(value)})
      box.checked = this.chosen.includes(value)
      return make("label", {title: label}, box, label)
    })
    if (found.length > LISTED) rows.push(make("em", {}, `${found.length - LISTED} more: search`))
    if (!found.length) rows.push(make("em", {}, "None has this text"))
    this.rows.replaceChildren(...rows)
  }

  tick(value) {
    this.send({turn: this.name, value})
  }
}

// Walks the time range through the collection, window by window.
class Player {
  constructor(slider, send) {
    this.slider = slider
    this.send = send
    this.step = make("select", {"aria-label": "Window of play"})
    this.step.append(...Object.keys(WINDOWS).map((name) => make("option", {}, name)))
    this.button = make(
      "button", {type: "button", title: "Play through time", onclick: () => this.toggle()}, "▶",
    )
    this.node = make("span", {class: "player"}, this.step, this.button)
  }

  toggle() {
    if (this.timer) this.stop()
    else {
      this.timer = setInterval(() => this.next(), REST)
      this.button.textContent = "❚❚"
      this.next()
    }
  }

  stop() {
    clearInterval(this.timer)
    this.timer = null
    this.button.textContent = "▶"
  }

  next() {
    if (!this.button.isConnected) return this.stop()
    const months = WINDOWS[this.step.value]
    const edges = this.slider.edges
    if (!edges) return
    const begin = new Date(this.slider.chosen?.[0] ?? edges[0])
    let month = begin.getUTCFullYear() * 12 + begin.getUTCMonth()
    month -= month % months
    if (this.slider.chosen?.[0]) month += months
    const at = (m) => Date.UTC(Math.floor(m / 12), m % 12, 1)
    if (at(month) >= edges[edges.length - 1]) {
      const first = new Date(edges[0])
      month = first.getUTCFullYear() * 12 + first.getUTCMonth()
      month -= month % months
    }
    this.send({time: [day(at(month)), day(at(month + months) - 1)]})
  }
}

export function render({model, el}) {
  const send = (choice) => model.send_msg(choice)
  const sliders = Object.fromEntries(
    ["time", "depth", "value"].map((name) => [name, new Slider(name, send)]),
  )
  const months = new Chips("months", send)
  const flags = new Chips("flags", send)
  const names = Object.fromEntries(
    ["has", "data_centres", "cruises", "platforms", "sources"].map((n) => [n, new Names(n, send)]),
  )
  const counts = make("div", {class: "counts"})
  const clear = make("button", {type: "button", class: "clear", onclick: () => send({clear: true})}, "Clear filters")
  const area = make(
    "button", {type: "button", class: "area", title: "Show stations everywhere", onclick: () => send({area: null})},
    "Only inside the drawn area  ✕",
  )
  const flag_title = make("h4")
  const flag_part = make("section", {}, flag_title, flags.node)
  const player = new Player(sliders.time, send)
  const root = make(
    "form", {onsubmit: (event) => event.preventDefault()},
    make("div", {class: "top"}, counts, clear), area,
    sliders.time.node, months.node, sliders.depth.node, sliders.value.node, flag_part,
    ...Object.values(names).map((one) => one.node),
  )
  sliders.time.node.insertBefore(player.node, sliders.time.head)
  months.draw(MONTHS.map((label, i) => [i + 1, label]))

  const draw_form = () => {
    const form = model.form
    root.hidden = !form.time && !form.depth
    for (const [name, slider] of Object.entries(sliders)) slider.draw(form[name])
    flag_title.textContent = form.flag_title ?? ""
    flag_part.hidden = !form.flags?.length
    flags.draw(form.flags ?? [])
    for (const [name, list] of Object.entries(names)) list.draw(form[name])
  }
  const draw_state = () => {
    const state = model.state
    for (const [name, slider] of Object.entries(sliders)) slider.show(state[name] ?? null)
    months.show(state.months ?? [])
    flags.show(state.flags ?? [])
    for (const [name, list] of Object.entries(names)) list.show(state[name] ?? [])
    clear.hidden = !state.filtered
    area.hidden = !state.area
  }
  const draw_counts = () => {
    counts.replaceChildren(
      ...model.counts.map(([some, all, what]) =>
        make("div", {}, make("b", {}, some), ` of ${all} ${what}`),
      ),
    )
  }
  const dress = () => root.classList.toggle("dark", model.dark)
  for (const [name, draw] of [["form", draw_form], ["state", draw_state], ["counts", draw_counts], ["dark", dress]]) {
    model.on(name, draw)
    draw()
  }
  model.on("remove", () => player.stop())
  return root
}

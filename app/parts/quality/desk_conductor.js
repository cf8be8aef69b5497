// The conductor of the Quality tab: it knows the queue, the stations that were loaded
// ahead, what is picked and what is not saved yet, and plays them to the plots.

const AHEAD = [1, -1, 2, 3] // places in the queue, from the station in view
const REMEMBERED = 60 // stations
const PLACE = "sdcviz-desk-at"
const REST = 90 // ms without a step before the server hears which station is in view

// Pieces of the page outside of the bar (heads of plots, list of findings) hear of it here.
const bus = (globalThis.sdcvizDesk ??= new EventTarget())

function number(value) {
  return String(value).replace(/\B(?=(\d{3})+$)/g, "\u202f")
}

function several(count, noun) {
  return `${number(count)} ${noun}${count === 1 ? "" : "s"}`
}

class Conductor extends Picking {
  constructor({model, view}) {
    super()
    this.model = model
    this.host = view.model
    this.views = new Map()
    this.asked = new Set()
    this.queue = new Int32Array(0)
    this.places = new Map()
    this.row = -1
    this.reason = ""
    this.user = ""
    this.mode = "box"
    this.usual = null
    this.epoch = -1
    this.label = (key) => this.labels[key] ?? key
  }

  send(message) {
    if (!this.lost) this.model.send_msg(message)
  }

  begin(bar) {
    this.bar = bar
    this.form = this.model.form
    this.looks = Object.fromEntries(this.form.flags.map(([code, , colour, marker]) => [code, [colour, marker, Number(`0x${colour.slice(1)}ff`)]]))
    this.labels = Object.fromEntries(this.form.parameters.map(([key, label]) => [key, label]))
    this.open_outbox()
    this.find_plots()
    this.follow_connection()
  }

  // Without its server a page can still save (with a new one), but load nothing.
  follow_connection() {
    if (this.following) return
    this.following = true
    const {document} = this.host
    document.on_event("connection_lost", () => { this.lost = true; this.bar.connected(false) })
    document.on_event("client_reconnected", () => { this.lost = false; this.bar.connected(true) })
  }

  // Where one was, for the same tab after a reload.
  keep_place() {
    try {
      sessionStorage.setItem(PLACE, JSON.stringify([this.form.collection, this.row]))
    } catch {} // a convenience only
  }

  kept_place() {
    const [visit] = performance.getEntriesByType("navigation")
    const begun = globalThis.sdcvizBegun
    globalThis.sdcvizBegun = true
    if (begun || visit?.type !== "reload") return -1
    try {
      const [collection, row] = JSON.parse(sessionStorage.getItem(PLACE) ?? "[]")
      return collection === this.form.collection ? row : -1
    } catch {
      return -1
    }
  }

  open_outbox() {
    this.outbox?.close()
    this.outbox = new Outbox(this.form.collection, {
      stored: (batch, answer) => this.stored(batch, answer),
      refused: (batch, status, answer) => this.refused(batch, status, answer),
      state: (state, count, sentence) => this.bar.saved(state, count, sentence),
    })
    if (!this.outbox.batches.length) this.bar.saved("saved", 0, "")
  }

  // The figures arrive with the bar, or a little later.
  find_plots(tries = 100) {
    if (this.closed) return
    this.plots?.close()
    this.plots = new Plots(this.host.document, this.looks, {
      picked: (samples) => this.pick(samples, {from: "plots"}),
      visit: (row) => this.show(row),
      all: () => this.pick(Array.from({length: this.view?.n ?? 0}, (_, i) => i), {from: "map"}),
      flags: (view, key) => this.flags(view, key),
    })
    if (!this.plots.complete || !this.plots.models.a.inner_width) {
      if (tries) setTimeout(() => this.find_plots(tries - 1), 60)
      return
    }
    this.plots.drag(this.mode)
    this.tip?.close()
    this.tip = new Tip(this)
    this.playing = true
    this.send({hello: true, at: this.kept_place()})
    this.play()
  }

  // The theme of the page dresses the axes anew a little after it turned.
  dress() {
    for (const rest of [50, 400, 1200]) {
      setTimeout(() => this.playing && !this.closed && this.view && this.plots.dress(), rest)
    }
  }

  close() {
    this.closed = true
    clearTimeout(this.telling)
    this.outbox?.close()
    this.plots?.close()
    this.tip?.close()
  }

  // ---- what the server says --------------------------------------------------

  hear(message) {
    const heard = {
      land: ({x, y}) => this.plots.set_land(new Land(x, y)),
      queue: ({rows}) => {
        this.queue = rows
        this.places = new Map(Array.from(rows, (row, i) => [row, i]))
        this.bar.place(this.place(), this.queue.length)
        this.look_ahead()
      },
      shown: ({shown, epoch}) => {
        this.usual = shown
        this.epoch = epoch
        this.asked.clear()
        this.stale = true
        this.bar.show(shown)
        if (this.row >= 0) this.want([this.row])
      },
      go: ({row}) => { if (row !== this.row) this.show(row, {tell: false}) },
      view: ({view, epoch}) => this.arrived(view, epoch),
      flags: ({flags}) => {
        for (const view of this.views.values()) {
          if (flags[view.id]) view.flags = flags[view.id]
        }
        this.repaint()
      },
      climates: ({climates, told}) => {
        this.climatology = told
        for (const view of this.views.values()) {
          if (climates[view.id]) view.climates = climates[view.id]
        }
        this.back()
      },
      products: ({products, told}) => {
        this.product = told
        for (const view of this.views.values()) {
          if (products[view.id]) view.products = products[view.id]
        }
        this.back()
      },
      // It may have been on its way while one went on.
      picked: ({samples, row}) => { if (row === this.row) this.pick([...samples], {from: "server"}) },
      reason: ({reason}) => { this.reason = reason; this.bar.reason(reason) },
      user: ({user}) => { this.user = user; this.bar.user(user) },
      told: ({sentence, kind}) => this.bar.tell(sentence, kind),
    }
    heard[message.type]?.(message)
  }

  arrived(view, epoch) {
    this.asked.delete(view.row)
    if (epoch !== this.epoch) return
    if (this.stale) {
      // What was drawn for other plots or findings stays on the screen until now.
      this.views.clear()
      this.stale = false
    }
    this.views.delete(view.row)
    this.views.set(view.row, view)
    if (this.views.size > REMEMBERED) this.views.delete(this.views.keys().next().value)
    if (view.row === this.row) {
      const picked = this.drawn === view.row ? this.picked : []
      this.play()
      if (picked.length) this.pick(picked, {from: "server"})
      for (const does of this.waiting.splice(0)) does()
    }
  }

  want(rows) {
    const missing = rows.filter((row) => row >= 0 && !this.asked.has(row) && (this.stale || !this.views.has(row)))
    for (const row of missing) this.asked.add(row)
    if (missing.length) this.send({want: missing, epoch: this.epoch})
  }

  // ---- the station in view -----------------------------------------------------

  get view() {
    return this.stale ? undefined : this.views.get(this.row)
  }

  // What the plots show and the keys flag; of a station that lacks it, something else.
  get shown() {
    const {usual, view} = this
    if (!usual || !view?.instead) return usual
    const target = usual.target.startsWith("@") ? usual.target : view.instead.a[0]
    return {target, pairs: view.instead, lacks: usual.pairs.a[0]}
  }

  place() {
    return this.places.get(this.row) ?? -1
  }

  step(by) {
    if (!this.queue.length) return this.bar.tell("There is no station to look at in the queue.")
    const place = this.place()
    const next = place < 0 ? 0 : place + by
    if (next < 0) return this.bar.tell("This is the first station of the queue.")
    if (next >= this.queue.length) return this.bar.tell("This was the last station of the queue.")
    this.show(this.queue[next])
  }

  show(row, {tell = true} = {}) {
    this.row = row
    this.picked = []
    this.waiting = []
    this.bar.place(this.place(), this.queue.length)
    this.bar.picked("")
    this.play()
    this.untold = tell
    clearTimeout(this.telling)
    this.telling = setTimeout(() => this.tell_station(), REST)
    this.keep_place()
    if (!this.view) this.want([row])
    setTimeout(() => this.look_ahead(), 30)
  }

  tell_station() {
    if (this.untold) this.send({look: this.row})
    this.untold = false
  }

  look_ahead() {
    const place = this.place()
    if (!this.playing || this.stale || place < 0) return
    this.want(AHEAD.map((by) => this.queue[place + by] ?? -1))
  }

  play() {
    const {view} = this
    if (!this.playing) return
    if (!view) {
      if (this.lost) this.plots.clear()
      return this.bar.wait(this.row, this.lost)
    }
    this.drawn = view.row
    this.plots.draw(view, this.sights(), this.label)
    this.mark()
    this.bar.headline(view)
    this.bar.show(this.shown)
    this.announce()
    this.look_ahead()
  }

  // Draws what has come later than the station.
  back() {
    if (!this.view || !this.playing) return
    this.plots.back(this.label)
    this.announce()
  }

  // Depth, position and time have flags but no plot of their own.
  sights() {
    return {target: this.shown.target, pairs: this.shown.pairs}
  }

  mark() {
    const {view} = this
    this.plots.mark(this.found_samples(view))
  }

  // The samples that findings are about, in their order; not those on a whole station.
  found_samples(view) {
    const single = view.findings.filter((group) => !group.whole)
    return [...new Set(single.flatMap((group) => [...group.samples]))].sort((a, b) => a - b)
  }

  // Picks what a group of findings is about, as what the keys flag.
  take(group) {
    const {view} = this
    if (group.key && group.key !== this.shown.target) this.send({parameter: group.key})
    if (view) this.pick([...group.samples], {from: "list"})
  }

  repaint() {
    if (!this.view || !this.playing) return
    this.plots.colour()
    this.announce()
  }

  announce() {
    const {views} = this
    bus.state = {
      get loaded() { return views.size },
      view: this.view, shown: this.shown, picked: this.picked, labels: this.labels,
      parameters: this.form.parameters, climatology: this.climatology, product: this.product,
      flags: (key) => (this.view ? this.flags(this.view, key) : ""), looks: this.looks,
      show: (row) => this.show(row), take: (group) => this.take(group), send: (message) => this.send(message),
      left: this.queue.length - 1 - this.place(), whole: (plot) => this.plots.whole(plot),
    }
    bus.dispatchEvent(new Event("state"))
  }

  // ---- what the keys change ---------------------------------------------------------

  swap() {
    const second = this.shown.pairs.b[0]
    if (second) this.send({parameter: second, second: this.shown.pairs.a[0]})
  }

  drag(mode) {
    this.mode = mode
    this.plots?.complete && this.plots.drag(mode)
    this.bar.mode(mode)
  }
}

// Picking samples: with keys, in the plots, from the list of findings. The part of the
// conductor that says what is picked; it knows `view`, `row`, `drawn`, `shown`, `plots`,
// `bar` and `send` of it.

class Picking extends Flagging {
  constructor() {
    super()
    this.picked = []
    this.waiting = []
  }

  // What is asked of a station that is on its way waits for it, in its order.
  later(does) {
    if (!this.lost) this.waiting.push(does)
  }

  pick(samples, {from}) {
    const {view} = this
    if (!view) {
      // What a plot still shows may be the station before.
      if (from === "plots" && this.drawn !== this.row) return
      return this.later(() => this.pick(samples, {from: from === "server" ? from : "before"}))
    }
    this.picked = samples.filter((i) => i >= 0 && i < view.n).sort((a, b) => a - b)
    if (from !== "plots") this.plots.pick(this.picked)
    if (from !== "server") {
      clearTimeout(this.picking)
      const {row} = this
      this.picking = setTimeout(() => {
        if (row !== this.row) return
        this.tell_station()
        this.send({picked: this.picked, row})
      }, 60)
    }
    this.bar.picked(this.picked_words())
    this.announce()
  }

  picked_words() {
    const {view, picked} = this
    if (!picked.length) return ""
    const count = several(picked.length, "sample")
    if (view.kind !== "depth") return `${count} picked`
    const depths = picked.map((i) => view.depth[i]).filter(Number.isFinite)
    if (!depths.length) return `${count} picked`
    const [low, high] = [Math.min(...depths), Math.max(...depths)].map((d) => Number(d.toPrecision(4)))
    return `${count} picked · ${low === high ? low : `${low} to ${high}`} m`
  }

  // The next sample along the profile that has a value.
  walk(by, more) {
    const {view, picked} = this
    if (!view) return this.later(() => this.walk(by, more))
    const values = view.values[this.shown.pairs.a[0]]
    let i = picked.length ? (by > 0 ? picked.at(-1) : picked[0]) + by : by > 0 ? 0 : view.n - 1
    while (i >= 0 && i < view.n && values && !Number.isFinite(values[i])) i += by
    if (i >= 0 && i < view.n) this.pick(more ? [...new Set([...picked, i])] : [i], {from: "keys"})
  }

  next_finding() {
    const {view, picked} = this
    if (!view) return this.later(() => this.next_finding())
    const found = this.found_samples(view)
    if (!found.length) return this.bar.tell(view.checked ? "The checks found nothing in the samples of this station." : "No checks have run yet: start them on the left.")
    const after = picked.length ? picked[0] : -1
    this.pick([found.find((i) => i > after) ?? found[0]], {from: "keys"})
  }
}

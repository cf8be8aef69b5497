// Setting flags: shown at once, given to the outbox, undone. The part of the conductor
// that changes something; it knows `view`, `views`, `shown`, `picked` and `outbox` of it.

class Flagging {
  // The codes of a parameter as they are with what was changed here.
  flags(view, key) {
    const codes = view.flags[key] ?? ""
    let changed = null
    for (const batch of this.outbox.batches) {
      for (const edit of batch.edits) {
        if (edit.station !== view.id || edit.parameter !== key) continue
        changed ??= [...codes]
        changed[Math.max(edit.sample, 0)] = edit.new
      }
    }
    return changed ? changed.join("") : codes
  }

  get of_station() {
    return this.shown?.target === "@position" || this.shown?.target === "@time"
  }

  set_flag(code) {
    const {view, shown} = this
    if (!view) return this.later(() => this.set_flag(code))
    if (!this.user) return this.bar.tell("Give your name first, at the right of the bar: flags are written under it.")
    const key = shown.target
    const codes = this.flags(view, key)
    if (!codes) return this.bar.tell(`This station has no ${this.labels[key]}.`)
    const samples = this.of_station ? [-1] : this.picked
    if (!samples.length) return this.bar.tell("Pick samples first: draw a box or a lasso in a plot, click one, or press ↓.")
    const known = samples.filter((sample) => sample < 0 || this.has_value(view, key, sample))
    if (!known.length) return this.bar.tell("What is picked has no value, so its flag stays 9, missing.")
    const edits = known
      .map((sample) => ({station: view.id, sample, parameter: key, old: codes[Math.max(sample, 0)], new: code}))
      .filter((edit) => edit.old !== edit.new)
    if (!edits.length) return this.bar.tell(`They have the flag ${code} already.`)
    this.outbox.add({
      token: token(), at: Date.now(), row: view.row, user: this.user, reason: this.reason,
      tool: "hand", selection: "", reading: this.form.reading, edits,
    })
    this.repaint()
  }

  has_value(view, key, sample) {
    return Number.isFinite(key === "@depth" ? view.depth[sample] : view.values[key]?.[sample])
  }

  stored(batch) {
    this.lay_down(batch.edits)
    this.repaint()
  }

  // What the server has written becomes what the stations are known to have.
  lay_down(edits) {
    for (const view of this.views.values()) {
      const changed = {}
      for (const {station, sample, parameter, new: code} of edits) {
        if (station !== view.id || view.flags[parameter] === undefined) continue
        changed[parameter] ??= [...view.flags[parameter]]
        changed[parameter][Math.max(sample, 0)] = code
      }
      for (const [key, codes] of Object.entries(changed)) view.flags[key] = codes.join("")
    }
  }

  // What stands on the server is shown again, and why.
  refused(batch, status, answer) {
    this.bar.tell(answer.detail ?? `The server refused the change (${status}).`, "error")
    this.send({refresh: true})
    this.repaint()
  }

  undo() {
    const back = this.outbox.take_back()
    if (back) {
      this.bar.tell(`Taken back: ${several(back.edits.length, "flag")} that was not sent yet.`)
      return this.repaint()
    }
    this.turn("undo", "Undone")
  }

  redo() {
    this.turn("redo", "Done again")
  }

  async turn(how, done) {
    if (this.outbox.batches.length) return this.bar.tell(`The last change is on its way to the server; ${how} when it is saved.`)
    const answer = await this.outbox.turn(how, this.user, this.form.reading)
    if (answer.sentence) return this.bar.tell(answer.sentence, "error")
    if (!answer.batch) return this.bar.tell(`There is nothing of yours to ${how}.`)
    const {edits, batch} = answer
    this.lay_down(edits)
    const rows = new Set(edits.map((edit) => edit.row))
    this.bar.tell(`${done}: ${several(batch.samples, "flag")}${batch.reason && ` (${batch.reason})`}${rows.size > 1 ? ` in ${several(rows.size, "station")}` : ""}.`)
    // What was changed back should be seen.
    if (rows.size === 1 && !rows.has(this.row)) this.show([...rows][0])
    else this.repaint()
  }
}

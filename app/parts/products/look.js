// How the field looks: colours and their range, the mask by the error, lines, dots.

const PER = [["fixed", "all maps of the field"], ["depth", "all times at this depth"], ["time", "all depths at this time"], ["map", "this map alone"]]
const DOTS = [["none", "None"], ["observations", "Observations"], ["residuals", "Residuals"], ["coverage", "Coverage"]]
const FINEST = 0.005 // step of the error: what the browser can mask by itself, exactly
const field_bus = (globalThis.sdcvizField ??= new EventTarget())

function typed_number(text) {
  return text.trim() ? Number(text.trim().replace(",", ".").replace("−", "-")) : Number.NaN
}

class LookForm {
  constructor(model) {
    this.model = model
    this.stop = []
    this.build()
    const hear = (kind, heard) => {
      const told = (e) => heard(e.detail)
      field_bus.addEventListener(kind, told)
      this.stop.push(() => field_bus.removeEventListener(kind, told))
    }
    hear("limits", (limits) => this.limits(limits))
    hear("counted", (counts) => this.counted(counts))
    model.on("state", () => this.show())
    model.on("form", () => this.show())
    model.on("remove", () => { for (const stop of this.stop) stop() })
    this.show()
  }

  send(said) {
    this.model.send_msg(said)
  }

  build() {
    const row = (title, ...nodes) => make("label", {class: "row"}, make("span", {class: "what"}, title), ...nodes)
    const group = (...nodes) => make("div", {class: "row"}, ...nodes)
    this.maps = make("select", {"aria-label": "Colour map", onchange: () => this.send({do: "map", map: this.maps.value})})
    this.strip = make("div", {class: "ramp"})
    this.per = make("select", {"aria-label": "Range of the colours", onchange: () => this.per.value !== "typed" && this.send({do: "per", per: this.per.value})})
    const end = (title) => make("input", {type: "text", inputmode: "decimal", class: "number", "aria-label": title, onchange: () => this.typed()})
    this.low = end("Lowest value")
    this.high = end("Highest value")
    this.most = make("input", {type: "text", inputmode: "decimal", class: "number", "aria-label": "Greatest difference", onchange: () => this.typed_most()})
    this.unit = make("span", {class: "quiet"})
    this.wrong = make("p", {class: "wrong", role: "alert", hidden: true})
    this.out = make("p", {class: "out", hidden: true})
    this.error = make("input", {type: "range", min: "0", max: "1", step: String(FINEST), "aria-label": "Greatest relative error", oninput: () => this.dragged(), onchange: () => this.masked()})
    this.error_said = make("output", {})
    this.levels = make("div", {class: "chips"})
    this.mask_note = make("p", {})
    this.lines = make("input", {type: "checkbox", onchange: () => this.send({do: "contours", on: this.lines.checked})})
    this.dots = make("div", {class: "chips", role: "group", "aria-label": "Over the field"})
    const size = (title) => make("input", {type: "text", inputmode: "decimal", class: "number", "aria-label": title, placeholder: "auto", onchange: () => this.window()})
    this.metres = size("Metres above and below")
    this.days = size("Days before and after")
    this.metres_row = row("Depth ±", this.metres, this.metres_unit = make("span", {class: "quiet"}, "m"), this.metres_said = make("span", {class: "quiet small"}))
    this.days_row = row("Time ±", this.days, make("span", {class: "quiet"}, "days"), this.days_said = make("span", {class: "quiet small"}))
    this.count = make("p", {"aria-live": "polite"})
    this.range_rows = [
      row("Range for", this.per),
      group(make("span", {class: "what"}), this.ends = make("span", {class: "ends"}, this.low, make("span", {class: "quiet"}, "to"), this.high), this.both = make("span", {class: "ends"}, make("span", {class: "quiet"}, "±"), this.most), this.unit),
      this.wrong, this.out,
    ]
    this.mask_rows = [make("h4", {}, "Hide what is uncertain"), group(this.error, this.error_said), group(this.levels), this.mask_note]
    this.node = frame(this.model,
      make("h4", {}, "Colours"),
      row("Map", this.maps), this.strip, ...this.range_rows,
      make("label", {class: "row check"}, this.lines, "Lines of equal value"),
      ...this.mask_rows,
      make("h4", {}, "Over the field"),
      this.dots, this.metres_row, this.days_row, this.count)
  }

  // ---- what the visitor does --------------------------------------------------------
  typed() {
    const [low, high] = [this.low, this.high].map((node) => typed_number(node.value))
    const [no_low, no_high] = [low, high].map((v) => !Number.isFinite(v))
    const crossed = !no_low && !no_high && low >= high
    this.low.classList.toggle("bad", no_low || crossed)
    this.high.classList.toggle("bad", no_high || crossed)
    this.complain(no_low || no_high ? "Write two numbers, such as 12.5 to 28." : crossed ? "The first value has to be less than the second." : "")
    if (!no_low && !no_high && !crossed) this.send({do: "range", low, high})
  }

  // An empty field: as chosen above.
  typed_most() {
    const most = this.most.value.trim() ? typed_number(this.most.value) : 0
    const wrong = !(most >= 0)
    this.most.classList.toggle("bad", wrong)
    this.complain(wrong ? "Write a positive number: colours run as far to both sides of 0." : "")
    if (!wrong) this.send({do: "most", most})
  }

  complain(sentence) {
    this.wrong.textContent = sentence
    this.wrong.hidden = !sentence
  }

  dragged() {
    const limit = Number(this.error.value)
    this.say_limit(limit)
    field_bus.dispatchEvent(new CustomEvent("limit", {detail: limit >= 1 ? null : limit}))
  }

  masked() {
    const limit = Number(this.error.value)
    this.send({do: "mask", mask: limit >= 1 ? "" : String(Number(limit.toFixed(3)))})
  }

  window() {
    const sizes = [this.metres, this.days].map((node) => (node.value.trim() ? typed_number(node.value) : 0))
    ;[this.metres, this.days].forEach((node, n) => node.classList.toggle("bad", !(sizes[n] >= 0)))
    const [metres, days] = sizes
    if (sizes.every((size) => size >= 0)) this.send({do: "window", metres, days})
    // Nothing but the level itself would hold no observation: 0 is the usual window too.
    if (metres === 0) this.metres.value = ""
    if (days === 0) this.days.value = ""
  }

  // ---- what the map says --------------------------------------------------------------
  limits({limits, below, above, cells}) {
    this.seen = limits
    const active = this.node.getRootNode().activeElement
    if (this.model.state.subtracted) {
      if (active !== this.most) this.most.value = short(limits[1])
    } else if (active !== this.low && active !== this.high && !this.model.state.range) this.put_range(limits)
    const share = (n) => `${counted(n, "cell")} (${(100 * n / Math.max(cells, 1)).toPrecision(2)} %)`
    const said = []
    if (below) said.push(`${share(below)} below`)
    if (above) said.push(`${share(above)} above`)
    this.out.hidden = !said.length
    this.out.textContent = said.length ? `Of this map ${said.join(", ")}.` : ""
  }

  counted({inside, total, words, sentence}) {
    this.count.textContent = sentence || `${number(inside)} of ${counted(total, "observation")}: ${words}.`
  }

  // ---- what is chosen -------------------------------------------------------------------
  put_range(limits) {
    if (!limits) return
    for (const [node, value] of [[this.low, limits[0]], [this.high, limits[1]]]) {
      node.value = short(value)
      node.classList.remove("bad")
    }
    this.complain("")
  }

  say_limit(limit) {
    this.error_said.textContent = limit >= 1 ? "all shown" : `≤ ${Number(limit.toFixed(3))}`
  }

  show() {
    const s = this.model.state
    this.node.hidden = !s.ready
    if (!s.ready) return
    const maps = this.model.form.maps ?? []
    this.maps.disabled = s.subtracted
    this.maps.title = s.subtracted ? "Differences have the colours of balance" : ""
    if (s.subtracted) offer(this.maps, [["", "balance, white is 0"]], "")
    else offer(this.maps, [["", `usual (${s.usual})`], ...maps.map(([name]) => [name, name])], s.map)
    const shown = s.subtracted ? "balance" : s.map || s.usual
    const colours = (maps.find(([name]) => name === shown) ?? [])[1]
    this.strip.hidden = !colours
    if (colours) this.strip.style.background = `linear-gradient(90deg, ${colours.join(", ")})`
    const fixed = s.error && !s.subtracted
    for (const node of this.range_rows.slice(0, 2)) node.hidden = fixed
    this.ends.hidden = s.subtracted
    this.both.hidden = !s.subtracted
    const typed = s.subtracted ? s.most > 0 : s.range
    offer(this.per, typed ? [["typed", "as typed below"], ...PER] : PER, typed ? "typed" : s.per)
    if (!s.subtracted) this.put_range(s.range ?? this.seen)
    else if (s.most) this.most.value = short(s.most)
    this.unit.textContent = s.unit
    this.lines.checked = s.contours
    for (const node of this.mask_rows) node.hidden = !s.relative
    if (s.relative) {
      const limit = s.mask ? s.limit ?? 1 : 1
      if (this.node.getRootNode().activeElement !== this.error || s.mask !== this.mask) this.error.value = String(limit)
      this.mask = s.mask
      this.say_limit(limit)
      this.levels.replaceChildren(...[["", "All"], ...s.copies.map((c) => [c, c])].map(([key, title]) => make("button", {
        type: "button", "aria-pressed": String(s.mask === key), onclick: () => this.send({do: "mask", mask: key}),
        title: key ? `As the masked copy ${key} of the file` : "Hide nothing",
      }, title)))
      this.mask_note.textContent = s.mask ? `Shown: ${s.mask_words}. Panels and exports follow.` : "By the relative error variance; panels and exports follow."
    }
    this.dots.replaceChildren(...DOTS.map(([key, title]) => make("button", {
      type: "button", "aria-pressed": String(s.dots === key), onclick: () => this.send({do: "dots", dots: key}),
    }, title)))
    const over = s.dots !== "none"
    this.metres_row.hidden = !over || !s.has_depth
    this.days_row.hidden = !over || !s.has_time
    const [metres, days] = s.window
    this.metres.value = metres ? short(metres) : ""
    this.days.value = days ? short(days) : ""
    this.metres_unit.textContent = s.depth_unit
    this.metres_said.textContent = metres ? "" : "half way to next levels"
    this.days_said.textContent = days ? "" : s.climatology ? "month, any year" : "the time step"
    if (!over) this.count.textContent = ""
    if (!s.has_data) this.count.textContent = "Open a collection to see its observations."
  }
}

export function render({model}) {
  return new LookForm(model).node
}

// "What made this value?": the observations around, and what each of them counts.

const number_cell = (v, digits) => make("td", {class: "n"}, v === null || v === undefined ? "–" : v.toFixed(digits).replace("-", "−"))

class MadeView {
  constructor(send) {
    this.send = send
    this.title = make("b", {}, "What made this value?")
    this.value = make("output", {class: "value"})
    this.out = make("button", {type: "button", class: "plain out", title: "Export this table", "aria-label": "Export this table", onclick: () => send({do: "export", key: this.key})}, "⤓")
    this.said = make("p", {class: "said"})
    this.about = make("span", {class: "about", tabindex: "0", role: "note"}, "?")
    this.head = make("p", {class: "sum"})
    const field = (name, label, unit) => {
      const input = make("input", {type: "number", min: "0", step: "any", name, onchange: () => this.changed()})
      return [input, make("label", {}, label, " ", input, unit)]
    }
    ;[this.horizontal, this.across] = field("horizontal", "Lengths", " km ×")
    ;[this.vertical, this.down] = field("vertical", "", " m")
    ;[this.epsilon2, this.noise] = field("epsilon2", "epsilon²", "")
    this.anew = make("button", {type: "button", class: "plain", onclick: () => send({do: "lengths", to: null})}, "as stated")
    this.source = make("span", {class: "quiet"})
    this.form = make("div", {class: "line lengths"}, this.across, this.down, this.noise, this.anew, this.source)
    this.body = make("tbody")
    this.second = make("th", {class: "n"})
    const heads = [["n", "Weight", "By how much the value changes if the observation changes by one unit"], null, ["n", "km", "Distance on a great circle"], ["n", "Depth", "Metres"], ["n", "Observed"], ["n", "Residual", "Observation minus product"], ["", "Station", "LOCAL_CDI_ID, date, cruise and data centre"]]
    this.table = make("table", {}, make("thead", {}, make("tr", {}, ...heads.map((head) => head ? make("th", {class: head[0], title: head[2] ?? ""}, head[1]) : this.second))), this.body)
    this.table.prepend(make("colgroup", {}, ...[86, 58, 48, 48, 58, 58, 0].map((wide) => make("col", wide ? {width: wide} : {}))))
    this.list = make("div", {class: "list"}, this.table)
    this.note = make("div", {class: "note"})
    this.root = make("section", {class: "panel made"}, make("header", {}, this.title, make("span", {class: "grow"}), this.value, this.out), this.said, this.head, this.form, this.list, this.note)
  }

  changed() {
    const to = Object.fromEntries([this.horizontal, this.vertical, this.epsilon2].map((input) => [input.name, Number(input.value)]))
    this.send({do: "lengths", to})
  }

  set(panel, shared) {
    this.key = panel.key
    this.root.dataset.key = panel.key
    this.out.hidden = !panel.can_export || !shared.exports
    this.said.textContent = panel.sentence ?? ""
    this.said.hidden = !panel.sentence
    const there = panel.rows !== undefined
    for (const node of [this.head, this.list, this.note]) node.hidden = !panel.rows?.length
    this.form.hidden = !there
    this.value.textContent = panel.value ?? ""
    if (!there) return
    const lengths = panel.lengths
    this.form.hidden = !lengths
    if (lengths) this.form_of(lengths)
    this.root.dataset.exact = String(Boolean(panel.exact))
    this.head.replaceChildren(make("b", {}, panel.rebuilt), panel.rebuilt ? ". " : "", panel.sum, " ", this.about)
    this.about.title = panel.about
    this.about.setAttribute("aria-label", panel.about)
    this.column = panel.rows[0]?.adds === undefined ? "lengths" : "adds"
    this.second.textContent = this.column === "adds" ? "Adds" : panel.exact ? "" : "Lengths"
    this.second.title = this.column === "adds" ? `The weight times the observation's distance from the background${panel.unit ? `, ${panel.unit}` : ""}` : "Distance in correlation lengths, across and down"
    const most = Math.max(...panel.rows.map((row) => Math.abs(row.weight)), 1e-12)
    this.body.replaceChildren(...panel.rows.flatMap((row) => this.row(row, most)))
    const cut = panel.rows.length === 200 ? " The 200 that weigh most are listed; the export has more." : ""
    this.note.textContent = `${panel.note}.${cut}`
  }

  form_of(lengths) {
    for (const name of ["horizontal", "vertical", "epsilon2"]) {
      if (this[name] !== this[name].getRootNode().activeElement) this[name].value = String(Number(lengths[name].toPrecision(4)))
    }
    this.down.hidden = !lengths.deep
    this.anew.hidden = lengths.source !== "as entered"
    this.source.textContent = lengths.source
  }

  extra(row) {
    if (this.column === "lengths") return number_cell(row.lengths, 2)
    return make("td", {class: "n adds"}, `${row.adds > 0 ? "+" : ""}${row.adds.toFixed(3)}`.replace("-", "−"))
  }

  row(row, most) {
    const bar = make("i")
    bar.style.width = `${Math.round(30 * Math.abs(row.weight) / most)}px`
    bar.classList.toggle("less", row.weight < 0)
    const name = row.cdi || "–"
    const link = row.station >= 0 ? make("button", {type: "button", class: "plain", title: "Open this station in the Quality tab", onclick: () => this.send({do: "station", row: row.station})}, name) : name
    return [make("tr", {"data-weight": row.weight},
      make("td", {class: "n weight"}, bar, row.weight.toFixed(4).replace("-", "−")), this.extra(row), number_cell(row.km, 1), number_cell(row.depth, 1), number_cell(row.value, 3), number_cell(row.residual, 3),
      make("td", {title: name}, link)),
    make("tr", {class: "more"}, make("td"), make("td", {colspan: 6}, [row.time, row.cruise, row.centre].filter(Boolean).join(" · ") || "–"))]
  }
}

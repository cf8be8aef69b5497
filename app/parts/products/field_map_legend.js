// What the colours of the map mean: the bar of the field, the one of residuals, counts.

const BAR = 200 // px

function nice_ticks(low, high, count = 5) {
  const span = Math.max(high - low, 1e-12)
  const power = 10 ** Math.floor(Math.log10(span / count))
  const step = power * [1, 2, 5, 10].reduce((a, b) => (Math.abs(span / (a * power) - count) <= Math.abs(span / (b * power) - count) ? a : b))
  const ticks = []
  for (let k = Math.ceil(low / step - 1e-9); k <= high / step + 1e-9; k++) ticks.push(Number((k * step).toPrecision(12)))
  return ticks
}

// A number with what a range resolves.
function figured(value, [low, high]) {
  const digits = Math.max(0, Math.min(6, Math.ceil(2.2 - Math.log10(Math.max(high - low, 1e-9)))))
  return value.toFixed(digits).replace("-", "−")
}

class Bar {
  constructor() {
    this.title = make("div", {class: "bar-title"})
    this.canvas = make("canvas", {width: 253, height: 1})
    this.low = make("i", {class: "tip low"})
    this.high = make("i", {class: "tip high"})
    this.ticks = make("div", {class: "ticks"})
    this.note = make("div", {class: "note"})
    this.node = make("div", {class: "bar"}, this.title, make("div", {class: "strip"}, this.low, this.canvas, this.high), this.ticks, this.note)
  }

  paint(palette) {
    const key = palette.join()
    if (key === this.painted) return
    this.painted = key
    this.canvas.width = palette.length
    const ctx = this.canvas.getContext("2d")
    palette.forEach((colour, i) => { ctx.fillStyle = colour; ctx.fillRect(i, 0, 1, 1) })
  }

  // below, above: counts of what lies out of the range
  show({title, limits, palette, below = 0, above = 0, note = "", places = null}) {
    this.node.hidden = false
    this.paint(palette)
    this.title.textContent = title
    this.low.classList.toggle("out", below > 0)
    this.high.classList.toggle("out", above > 0)
    const [low, high] = limits
    const ticks = places ?? nice_ticks(low, high).map((v) => [(v - low) / (high - low), short(v).replace("-", "−")])
    this.ticks.replaceChildren(...ticks.map(([at, text]) => {
      const node = make("span", {}, text)
      node.style.left = `${100 * at}%`
      return node
    }))
    this.note.textContent = note
    this.note.hidden = !note
  }
}

function cells_out({below, above}) {
  const said = []
  if (below) said.push(`${counted(below, "cell")} below`)
  if (above) said.push(`${counted(above, "cell")} above`)
  return said.length ? `${said.join(", ")} the range` : ""
}

// The same of two layers in one range.
function both_out(first, second) {
  const said = [["First", cells_out(first)], ["Second", cells_out(second)]].filter(([, words]) => words)
  return said.map(([name, words]) => `${name}: ${words}.`).join(" ")
}

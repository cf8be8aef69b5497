// What the sample under the pointer is: its values, its flag, how far off the product it is.

const NEAR = 7 // px
const BESIDE = 14 // px from the pointer to the words

function rounded(value) {
  const digits = Math.abs(value) >= 1e5 || (value !== 0 && Math.abs(value) < 1e-3) ? value.toPrecision(4) : String(Number(value.toFixed(3)))
  return digits.replace("-", "\u2212")
}

class Tip {
  constructor(conductor) {
    this.conductor = conductor
    this.stop = []
    for (const plot of PLOTS) {
      const view = globalThis.Bokeh?.index?.find_one(conductor.plots.models[plot])
      if (!view?.el) continue
      const heard = {
        pointermove: (event) => this.moved(plot, view, event), pointerleave: () => this.hide(), pointerdown: () => this.hide(),
      }
      for (const [kind, does] of Object.entries(heard)) {
        view.el.addEventListener(kind, does)
        this.stop.push(() => view.el.removeEventListener(kind, does))
      }
    }
  }

  get node() {
    return this.conductor.bar.tip
  }

  close() {
    for (const stop of this.stop) stop()
    cancelAnimationFrame(this.frame)
    this.hide()
  }

  hide() {
    cancelAnimationFrame(this.frame)
    this.node.hidden = true
  }

  // Looked for once a frame: a long cast has thousands of samples.
  moved(plot, view, event) {
    cancelAnimationFrame(this.frame)
    if (event.buttons) return this.hide()
    this.frame = requestAnimationFrame(() => {
      const i = this.conductor.view ? this.nearest(plot, view, event) : -1
      if (i < 0) return this.hide()
      this.node.replaceChildren(...this.words(plot, i))
      this.node.hidden = false
      this.put(event)
    })
  }

  nearest(plot, view, {clientX, clientY}) {
    const {models, columns} = this.conductor.plots
    const {x_range: x, y_range: y} = models[plot]
    const box = view.el.getBoundingClientRect(), {left, top, width, height} = view.frame.bbox
    const px = clientX - box.left - left, py = clientY - box.top - top
    if (px < 0 || py < 0 || px > width || py > height) return -1
    const across = width / (x.end - x.start), down = height / (y.end - y.start)
    const xs = columns[`x${plot}`], ys = columns[`y${plot}`]
    let found = -1, best = NEAR * NEAR
    for (let i = 0; i < xs.length; i++) {
      const d = ((xs[i] - x.start) * across - px) ** 2 + (height - (ys[i] - y.start) * down - py) ** 2
      if (d <= best) [found, best] = [i, d]
    }
    return found
  }

  words(plot, i) {
    const {conductor} = this
    const {plots, view} = conductor
    const keys = plots.pairs[plot]
    const line = (text, name = "") => make("div", {class: name}, text)
    const key = keys.find((one) => view.values[one]) ?? keys[0]
    const codes = conductor.flags(view, key)
    const code = codes.length === 1 ? codes : codes[i]
    const title = conductor.form.flags.find(([flag]) => flag === code)?.[1] ?? code
    const shown = [...keys].sort((a, b) => (b === key) - (a === key)).map((one) => line(this.value_words(one, i)))
    return [...shown, line(`flag ${title}`), ...this.off_words(plot, key, i).map((text) => line(text, "off"))]
  }

  value_words(key, i) {
    const {label, plots} = this.conductor
    if (key === "@time") {
      const time = plots.column(key)[i]
      return Number.isFinite(time) ? new Date(time).toISOString().slice(0, 16).replace("T", " ") : "no time"
    }
    const [, name, unit] = /^(.*?)(?: \[(.*)\])?$/.exec(label(key))
    return key === "@order" ? `sample ${i + 1}` : `${name} ${rounded(plots.column(key)[i])}${unit ? ` ${unit}` : ""}`
  }

  off_words(plot, key, i) {
    const {plots, product, label, view} = this.conductor
    const found = "ab".includes(plot) ? plots.product_of(plot) : null
    const off = found ? view.values[key][i] - found.samples[i] : NaN
    if (!Number.isFinite(off)) return []
    const unit = /\[(.*)\]$/.exec(label(key))?.[1] ?? ""
    const when = found.label ? ` (${found.label})` : ""
    return [`${off < 0 ? "" : "+"}${rounded(off)}${unit ? ` ${unit}` : ""} against ${product.name}${when}`]
  }

  put({clientX, clientY}) {
    const {node} = this
    const {offsetWidth: wide, offsetHeight: high} = node
    const left = clientX + BESIDE + wide > innerWidth ? clientX - BESIDE - wide : clientX + BESIDE
    node.style.left = `${left}px`
    node.style.top = `${Math.max(4, Math.min(clientY + BESIDE, innerHeight - high - 4))}px`
  }
}

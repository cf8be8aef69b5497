// Axes, ticks and numbers of the panels.

function unpack(text) {
  if (!text) return new Float32Array(0)
  const raw = atob(text), bytes = new Uint8Array(raw.length)
  for (let k = 0; k < raw.length; k += 1) bytes[k] = raw.charCodeAt(k)
  return new Float32Array(bytes.buffer)
}

function roundTicks(low, high, count) {
  const span = high - low
  if (!(span > 0)) return [low]
  const power = 10 ** Math.floor(Math.log10(span / count))
  const sizes = [1, 2, 5, 10], first = sizes.findIndex((m) => span / (m * power) <= count)
  const found = ticksOf(low, high, power * sizes[first])
  // One number alone tells no scale.
  return found.length > 1 ? found : ticksOf(low, high, first > 0 ? power * sizes[first - 1] : power / 2)
}

function ticksOf(low, high, step) {
  const found = []
  for (let v = Math.ceil(low / step - 1e-9) * step; v <= high + step * 1e-6; v += step) {
    found.push(Math.abs(v) < step * 1e-6 ? 0 : Number(v.toPrecision(12)))
  }
  return found
}

function told(value) {
  if (!Number.isFinite(value)) return "–"
  const size = Math.abs(value)
  const text = size >= 1e6 || (size > 0 && size < 1e-3) ? value.toExponential(2) : String(Number(value.toPrecision(5)))
  return (size >= 1e4 && size < 1e6 ? number(text) : text).replace("-", "−")
}

function dayName(days) {
  return new Date(days * 86400000).toISOString().slice(0, 10)
}

const STRETCH = 40 // metres: above even, below like a logarithm

// One axis of a panel: from data to pixels and back; depths may be stretched towards the surface.
class Scale {
  constructor(axis, from, to, {high = axis.high, stretched = false} = {}) {
    this.axis = axis
    this.bend = stretched ? (z) => Math.sign(z) * Math.log1p(Math.abs(z) / STRETCH) : (z) => z
    this.unbend = stretched ? (t) => Math.sign(t) * STRETCH * Math.expm1(Math.abs(t)) : (t) => t
    this.stretched = stretched
    this.low = axis.low
    this.high = high > axis.low ? high : axis.low + 1
    ;[this.from, this.to] = axis.down ? [Math.min(from, to), Math.max(from, to)] : [from, to]
    this.at = axis.at ? unpack(axis.at) : null
    this.edges = axis.edges ? unpack(axis.edges) : null
  }

  px(value) {
    const low = this.bend(this.low)
    return this.from + (this.to - this.from) * (this.bend(value) - low) / (this.bend(this.high) - low)
  }

  value(px) {
    const low = this.bend(this.low)
    return this.unbend(low + (this.bend(this.high) - low) * (px - this.from) / (this.to - this.from))
  }

  inside(px) { return px >= Math.min(this.from, this.to) - 0.5 && px <= Math.max(this.from, this.to) + 0.5 }

  // Number of the cell that holds a value; -1: none.
  cell(value) {
    const e = this.edges
    if (!e || !(value >= e[0] && value <= e[e.length - 1])) return -1
    let a = 0, b = e.length - 2
    while (a < b) {
      const middle = (a + b + 1) >> 1
      if (e[middle] <= value) a = middle
      else b = middle - 1
    }
    return a
  }

  ticks() {
    const length = Math.abs(this.to - this.from), across = this.from !== undefined && this.flat
    if (this.axis.is === "time" && !this.axis.dated) {
      const n = this.axis.steps.length
      const room = across ? 9 + 5.5 * Math.max(...this.axis.steps.map((s) => s.length)) : 14
      const every = [1, 2, 3, 4, 6, 12, 24, 60, 120, 240, 600, 1200].find((k) => n / k * room <= length) ?? n
      return this.axis.steps.map((text, k) => [k, text]).filter(([k]) => k % every === 0)
    }
    if (this.axis.is === "time") {
      // A few steps are named where they are, those that have room.
      const names = this.axis.steps, room = across ? 9 + 5.5 * Math.max(...names.map((s) => s.length)) : 14
      if (names.length < 40) {
        const found = []
        names.forEach((name, k) => {
          const px = this.px(this.at[k])
          if (!found.length || Math.abs(px - this.px(found.at(-1)[0])) >= room) found.push([this.at[k], name])
        })
        return found
      }
      const years = roundTicks(1970 + this.low / 365.2425, 1970 + this.high / 365.2425, Math.max(2, length / (across ? 48 : 26)))
      if (years.every((y) => Number.isInteger(y)) && years.length > 1) return years.map((y) => [(Date.UTC(y, 0, 1)) / 86400000, String(y)])
      return roundTicks(this.low, this.high, Math.max(2, length / (across ? 80 : 26))).map((d) => [d, dayName(d)])
    }
    if (this.stretched) return this.spread(across ? 44 : 17)
    return roundTicks(this.low, this.high, Math.max(2, length / (across ? 56 : 34))).map((v) => [v, told(v)])
  }

  // Round depths of a stretched axis, as many as there is room for.
  spread(room) {
    const found = []
    for (const z of [this.high, 0, 100, 1000, 500, 50, 200, 2000, 20, 10, 5000, 300, 4000, 3000, 1500, 700, 30, 5]) {
      const px = this.px(z)
      if (z >= this.low && z <= this.high && found.every(([other]) => Math.abs(this.px(other) - px) >= room)) found.push([z, told(Math.round(z))])
    }
    return found
  }

  // What a value on this axis is called.
  name(value) {
    const kind = this.axis.is
    if (kind === "time") {
      const k = this.cell(value)
      return k >= 0 ? this.axis.steps[k] : ""
    }
    if (kind === "lon") return `${told(Number(Math.abs(value).toFixed(2)))}° ${value < 0 ? "W" : "E"}`
    if (kind === "lat") return `${told(Number(Math.abs(value).toFixed(2)))}° ${value < 0 ? "S" : "N"}`
    if (kind === "distance") return `${told(Math.round(value))} km`
    if (kind === "depth") return `${told(Number(value.toFixed(value < 100 ? 1 : 0)))} ${this.axis.label.includes("dbar") ? "dbar" : "m"}`
    return told(value)
  }
}

// Numbers, axes and colours of all drawings of the workbench.

const MINUS = "\u2212"

function fixed(value, digits = 2) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–"
  const text = Math.abs(value).toFixed(digits)
  return (value < 0 && Number(text) !== 0 ? MINUS : "") + text
}

function signed(value, digits = 2) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–"
  const text = fixed(value, digits)
  return value > 0 && Number(value.toFixed(digits)) !== 0 ? `+${text}` : text
}

function percent(value, digits = 0) {
  return value === null || value === undefined ? "–" : `${(100 * value).toFixed(digits)} %`
}

function of(n, all) {
  return n === all ? `all ${number(all)}` : `${number(n)} of ${number(all)}`
}

// As many digits as the spread of values needs.
function digits_of(scale) {
  return scale > 0 ? Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(scale)) - 1)) : 2
}

function ticks(low, high, count = 5) {
  const span = high - low
  if (!(span > 0)) return [low]
  const power = 10 ** Math.floor(Math.log10(span / count))
  const step = power * [1, 2, 5, 10].find((k) => span / (k * power) <= count + 0.5)
  const found = []
  for (let v = Math.ceil(low / step - 1e-9) * step; v <= high + step * 1e-6; v += step) found.push(Math.abs(v) < step * 1e-6 ? 0 : v)
  return found
}

function tick_text(v) {
  const text = String(Number(v.toPrecision(6)))
  return text.startsWith("-") ? MINUS + text.slice(1) : text
}

const RAMPS = {
  light: {cold: [[244, 246, 247], [140, 185, 217], [25, 88, 150]], warm: [[244, 246, 247], [231, 160, 134], [160, 33, 40]], more: [[240, 244, 246], [120, 175, 197], [8, 72, 102]]},
  dark: {cold: [[33, 43, 50], [62, 118, 163], [126, 190, 238]], warm: [[33, 43, 50], [166, 84, 66], [247, 150, 126]], more: [[27, 36, 43], [44, 111, 136], [146, 216, 235]]},
}

function between(ramp, t) {
  const at = Math.max(0, Math.min(1, t)) * (ramp.length - 1)
  const k = Math.min(ramp.length - 2, Math.floor(at))
  return ramp[k].map((c, i) => Math.round(c + (ramp[k + 1][i] - c) * (at - k)))
}

function rgb([r, g, b]) {
  return `rgb(${r},${g},${b})`
}

// Below zero cold, above warm; t from -1 to 1.
function diverging(t, dark) {
  const ramp = RAMPS[dark ? "dark" : "light"]
  return between(t < 0 ? ramp.cold : ramp.warm, Math.abs(t))
}

function rising(t, dark) {
  return between(RAMPS[dark ? "dark" : "light"].more, t)
}

// Ink that can be read on a colour.
function ink_on([r, g, b]) {
  return 0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#16232b" : "#fff"
}

// The value below which most sizes lie, so that one outlier does not take all colours.
function reach(values, share = 0.96) {
  const sizes = values.filter((v) => v !== null && v !== undefined && Number.isFinite(v)).map(Math.abs).sort((a, b) => a - b)
  if (!sizes.length) return 1
  return sizes[Math.min(sizes.length - 1, Math.floor(share * sizes.length))] || sizes[sizes.length - 1] || 1
}

function text_at(x, y, words, anchor = "middle", more = {}) {
  return draw("text", {x, y, "text-anchor": anchor, ...more}, words)
}

function hinted(node, words) {
  node.append(draw("title", {}, words))
  return node
}

// A bar of colours from -limit to limit (or from 0) with its ends and unit.
function colour_bar(limit, unit, dark, {two = true} = {}) {
  const stops = Array.from({length: 11}, (_, k) => rgb(two ? diverging(k / 5 - 1, dark) : rising(k / 10, dark)))
  const bar = make("i", {class: "ramp"})
  bar.style.background = `linear-gradient(to right, ${stops.join(",")})`
  const d = digits_of(limit)
  return make("span", {class: "key"}, make("span", {}, two ? fixed(-limit, d) : "0"), bar, make("span", {}, `${two ? "+" : ""}${fixed(limit, d)} ${unit}`))
}

const NAMES = {layer: "Layer", month: "Month", area: "Area", decade: "Decade"}
const LISTS = {layer: "layers", month: "months", area: "areas", decade: "decades"}

function titles_of(doc, name) {
  return (doc.skill?.[LISTS[name]] ?? []).map((one) => typeof one === "string" ? one : one.title ?? one.key ?? String(one))
}

// Areas of one sea differ in what stands in brackets.
function short_title(title) {
  return /\(([^()]*\d[^()]*)\)$/.exec(title)?.[1] ?? title
}

function short_month(title) {
  return /^[A-Z][a-z]{3,}$/.test(title) ? title.slice(0, 3) : title
}

// Months one after the other (over the end of the year too) by the first and the last.
function months_words(titles, months) {
  const run = months.every((k, n) => !n || k === (months[n - 1] + 1) % titles.length)
  return run ? `${titles[months[0]]} to ${titles[months[months.length - 1]]}` : months.map((k) => titles[k] ?? k).join(", ")
}

// A run of levels by the depths of its ends.
function depths_words(doc, levels) {
  const depths = levels.map((k) => doc.skill?.levels?.[k]).filter((v) => v !== undefined && v !== null)
  if (!depths.length) return counted(levels.length, "level")
  const [low, high] = [Math.min(...depths), Math.max(...depths)].map((v) => tick_text(Number(v.toPrecision(5))))
  return low === high ? `${low} m` : `${low}–${high} m`
}

// What is picked, in words.
function brush_words(doc, brush) {
  const words = []
  for (const name of ["layer", "month", "area", "decade"]) {
    const titles = titles_of(doc, name)
    if (brush[name]?.length) words.push([name, name === "month" && brush[name].length > 2 ? months_words(titles, brush[name]) : brush[name].map((k) => titles[k] ?? k).join(", ")])
    if (name === "layer" && brush.level?.length) words.push(["level", depths_words(doc, brush.level)])
  }
  if (brush.cruise?.length) words.push(["cruise", `Cruise ${brush.cruise.map((k) => doc.cruises?.[k]?.cruise || "without name").join(", ")}`])
  if (brush.edmo?.length) words.push(["edmo", brush.edmo.map((k) => doc.centres?.[k]?.centre || doc.centres?.[k]?.name || `EDMO ${doc.centres?.[k]?.edmo ?? k}`).join(", ")])
  if (brush.row?.length) words.push(["row", `Cast ${brush.row.map((r) => doc.worst?.find((w) => w.row === r)?.station || r).join(", ")}`])
  if (brush.box) words.push(["box", box_words(brush.box)])
  return words
}

// Bias and RMSE of what is picked, with their intervals.
function score_words(scores, unit) {
  if (!scores || scores.bias === null || scores.bias === undefined) return ""
  const between = (name) => scores[`${name}_low`] === null || scores[`${name}_low`] === undefined ? " (too few cruises for an interval)" : ` (${fixed(scores[`${name}_low`])} to ${fixed(scores[`${name}_high`])})`
  return `bias ${signed(scores.bias)}${between("bias")}, RMSE ${fixed(scores.rmse)}${scores.bias_low === null ? "" : between("rmse")} ${unit ?? ""}`
}

function degrees(value, sides) {
  const text = Number(Math.abs(value).toFixed(2))
  return `${text}°${value === 0 ? "" : value > 0 ? sides[0] : sides[1]}`
}

function box_words([w, s, e, n]) {
  return `${degrees(w, "EW")} to ${degrees(e, "EW")}, ${degrees(s, "NS")} to ${degrees(n, "NS")}`
}

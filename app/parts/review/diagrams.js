// Taylor diagram (spread and correlation) and target diagram (bias and unbiased error).

// One colour a point; months go round the circle.
function colour_of(k, n) {
  return `hsl(${Math.round((215 + 360 * k / Math.max(n, 1)) % 360)} 62% 48%)`
}

// What kind a point is: a layer, a month, an area, ... told by the review or by its label.
function kind_of(doc, point) {
  if (point.by ?? point.kind ?? point.group) return point.by ?? point.kind ?? point.group
  for (const name of ["layer", "month", "area", "decade"]) if (titles_of(doc, name).includes(point.label)) return name
  return "all"
}

function paint_taylor({points, unit, doc, kinds, lit}, w, h) {
  const own = points.filter((p) => p.sd_ratio !== null && p.correlation !== null)
  if (!own.length) return [text_at(w / 2, h / 2, "Too few samples for a diagram.")]
  const far = Math.max(1.5, Math.min(3, Math.ceil(Math.max(...own.map((p) => p.sd_ratio)) * 10) / 10 + 0.1))
  const both = own.some((p) => p.correlation < 0)
  const room = 34
  const radius = Math.min(both ? (w - 2 * room) / 2 : w - 2 * room, h - 2 * room)
  const x0 = both ? w / 2 : (w - radius) / 2, y0 = (h + radius) / 2
  const at = (r, c) => { const a = Math.acos(Math.max(-1, Math.min(1, c))); return [x0 + radius * r / far * Math.cos(a), y0 - radius * r / far * Math.sin(a)] }
  const arc = (r, name) => { const s = radius * r / far; return draw("path", {class: name, d: `M${x0 + s} ${y0}A${s} ${s} 0 0 0 ${both ? x0 - s : x0} ${both ? y0 : y0 - s}`}) }
  const parts = [arc(far, "frame"), draw("line", {class: "frame", x1: both ? x0 - radius : x0, x2: x0 + radius, y1: y0, y2: y0})]
  if (!both) parts.push(draw("line", {class: "frame", x1: x0, x2: x0, y1: y0, y2: y0 - radius}))
  for (const r of ticks(0, far, 5).slice(1)) parts.push(arc(r, r === 1 ? "one" : "axis"), text_at(x0 + radius * r / far, y0 + 17, tick_text(r)))
  for (const c of [0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99, ...(both ? [-0.4, -0.8] : [])]) {
    const [x, y] = at(far, c), [tx, ty] = at(far * 1.05, c)
    parts.push(draw("line", {class: "axis", x1: x0, y1: y0, x2: x, y2: y}), text_at(tx, ty + 3, tick_text(c), "start"))
  }
  for (const d of [0.25, 0.5, 0.75, 1]) {
    const [cx, cy] = at(1, 1), s = radius * d / far
    const way = Array.from({length: 61}, (_, k) => [cx + s * Math.cos(Math.PI * k / 60), cy - s * Math.sin(Math.PI * k / 60)]).filter(([x, y]) => (both || x >= x0) && Math.hypot(x - x0, y - y0) <= radius)
    if (way.length > 1) parts.push(draw("path", {class: "error", d: way.map(([x, y], k) => `${k ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("")}))
  }
  const [rx, ry] = at(1, 1)
  parts.push(hinted(draw("circle", {class: "goal", cx: rx, cy: ry, r: 5}), "The observations"), text_at(x0 + radius / 2, y0 + 33, "Standard deviation, product / observations", "middle", {class: "name"}), text_at(x0 + radius * 0.86, y0 - radius * 0.86, "Correlation", "start", {class: "name"}))
  own.forEach((p) => { const [x, y] = at(p.sd_ratio, p.correlation); parts.push(...dot_at(x, y, p, doc, kinds, lit, `${p.label}: standard deviation ${fixed(p.sd_ratio)} of that of the observations, correlation ${fixed(p.correlation, 3)}; ${counted(p.n, "sample")}`)) })
  return parts
}

function dot_at(x, y, p, doc, kinds, lit, sentence) {
  const colour = kinds.get(p.label) ?? "#6b7280"
  const on = lit === p.label
  const node = hinted(draw("circle", {class: "point", cx: x, cy: y, r: on ? 7 : 4.5, fill: colour, "fill-opacity": lit && !on ? 0.35 : 0.9}), sentence)
  return on ? [node, text_at(x + 9, y + 4, p.label, "start", {class: "lit"})] : [node]
}

function paint_target({points, unit, doc, kinds, lit}, w, h) {
  const own = points.filter((p) => p.bias !== null && p.urmse !== null)
  if (!own.length) return [text_at(w / 2, h / 2, "Too few samples for a diagram.")]
  const far = 1.1 * Math.max(1e-9, ...own.map((p) => Math.hypot(p.bias, p.urmse)))
  const radius = Math.min(w / 2 - 30, h / 2 - 40)
  const x0 = w / 2, y0 = h / 2 - 4, scale = radius / far
  const rings = ticks(0, far, 4).slice(1)
  return [
    draw("line", {class: "zero", x1: x0 - radius, x2: x0 + radius, y1: y0, y2: y0}), draw("line", {class: "zero", x1: x0, x2: x0, y1: y0 - radius, y2: y0 + radius}),
    ...rings.flatMap((r) => [draw("circle", {class: "axis", cx: x0, cy: y0, r: r * scale, fill: "none"}), text_at(x0 + 4, y0 - r * scale - 3, tick_text(r), "start")]),
    text_at(x0, y0 + radius + 20, `Unbiased RMSE [${unit}]`, "middle", {class: "name"}),
    text_at(x0 - radius, y0 + radius + 36, "◂ less spread than observed", "start"), text_at(x0 + radius, y0 + radius + 36, "more ▸", "end"),
    text_at(x0 - 4, y0 - radius - 8, `Bias [${unit}]`, "end", {class: "name"}),
    ...own.flatMap((p) => dot_at(x0 + p.urmse * scale, y0 - p.bias * scale, p, doc, kinds, lit, `${p.label}: bias ${signed(p.bias, 3)}, unbiased RMSE ${fixed(Math.abs(p.urmse), 3)}, RMSE ${fixed(Math.hypot(p.bias, p.urmse), 3)} ${unit}; ${counted(p.n, "sample")}`)),
  ]
}

function diagrams() {
  const taylor = plot("Taylor diagram", paint_taylor), target = plot("Target diagram", paint_target)
  const legend = make("div", {class: "legend", role: "list", "aria-label": "Points of the diagrams"})
  let given = null, kind = "layer", lit = ""
  const chips = make("div", {class: "chips", role: "group", "aria-label": "Points"})
  const node = make("div", {class: "twins"},
    make("section", {class: "card"}, make("div", {class: "line head"}, make("b", {}, "Taylor diagram"), chips), taylor),
    make("section", {class: "card"}, make("div", {class: "line head"}, make("b", {}, "Target diagram")), target),
    make("section", {class: "card names"}, make("div", {class: "line head"}, make("b", {}, "Points")), legend))

  function show() {
    const {doc} = given
    const all = [...(doc.taylor ?? []), ...(doc.target ?? [])]
    const kinds = [...new Set(all.map((p) => kind_of(doc, p)))]
    if (!kinds.includes(kind)) kind = kinds[0] ?? ""
    chips.hidden = kinds.length < 2
    chips.replaceChildren(...kinds.map((k) => make("button", {type: "button", "aria-pressed": String(k === kind), onclick: () => { kind = k; lit = ""; show() }}, NAMES[k] ? `By ${NAMES[k].toLowerCase()}` : k === "all" ? "Together" : String(k))))
    const some = (points) => (points ?? []).filter((p) => kind_of(doc, p) === kind)
    const names = [...new Set([...some(doc.taylor), ...some(doc.target)].map((p) => p.label))]
    const colours = new Map(names.map((label, k) => [label, colour_of(k, names.length)]))
    // Where points are of different spread, they are divided by that of the observations.
    const unit = (doc.target ?? []).some((p) => p.sd) ? "SD of the observations" : doc.unit ?? ""
    const shared = {doc, kinds: colours, unit, lit}
    taylor.put({...shared, points: some(doc.taylor)})
    target.put({...shared, points: some(doc.target)})
    const target_of = new Map(some(doc.target).map((p) => [p.label, p]))
    const taylor_of = new Map(some(doc.taylor).map((p) => [p.label, p]))
    legend.replaceChildren(...names.map((label) => {
      const t = taylor_of.get(label), g = target_of.get(label)
      const colour = make("i", {class: "dot"})
      colour.style.setProperty("--dot", colours.get(label))
      return make("button", {type: "button", class: "plain row", role: "listitem", "aria-pressed": String(lit === label), onclick: () => { lit = lit === label ? "" : label; show() }},
        colour, make("span", {class: "grow"}, label), make("span", {class: "quiet"}, [t ? `r ${fixed(t.correlation)}` : "", g ? `bias ${signed(g.bias)}` : ""].filter(Boolean).join(" · ")))
    }))
  }
  node.put = (next) => { given = next; show() }
  return node
}

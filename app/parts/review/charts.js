// Histogram with its Gaussian, curves against depth, time and value, bars.

// A drawing that is made anew for the room it has.
function plot(label, paint) {
  const svg = draw("svg", {role: "img", "aria-label": label, class: "plot"})
  let last = null
  const again = () => {
    const {clientWidth: w, clientHeight: h} = svg
    if (last && w > 40 && h > 40) { svg.setAttribute("viewBox", `0 0 ${w} ${h}`); svg.replaceChildren(...paint(last, w, h)) }
  }
  svg.put = (given) => { last = given; again() }
  new ResizeObserver(again).observe(svg)
  return svg
}

function axes({left, right, top, bottom}, x, y, xticks, yticks, xtitle, ytitle) {
  return [
    ...yticks.map((v) => draw("line", {class: v === 0 ? "zero" : "axis", x1: left, x2: right, y1: y(v), y2: y(v)})),
    ...yticks.map((v) => text_at(left - 5, y(v) + 4, tick_text(v), "end")),
    ...xticks.map((v) => draw("line", {class: v === 0 ? "zero" : "axis", x1: x(v), x2: x(v), y1: top, y2: bottom})),
    ...xticks.map((v) => text_at(x(v), bottom + 14, tick_text(v))),
    text_at((left + right) / 2, bottom + 28, xtitle, "middle", {class: "name"}),
    ...(ytitle ? [text_at(left, top - 6, ytitle, "start", {class: "name"})] : []),
  ]
}

function paint_histogram({doc, picked}, w, h) {
  const told = doc.residuals?.histogram, edges = told?.edges ?? []
  if (edges.length < 2) return []
  const some = Boolean(picked.casts)
  const own = picked.histogram ?? told
  const share = (counts) => { const all = counts.reduce((a, b) => a + b, 0) || 1; return counts.map((n, k) => n / all / (edges[k + 1] - edges[k])) }
  const every = share(told.counts), mine = share(own.counts ?? told.counts)
  const box = {left: 12, right: w - 12, top: 12, bottom: h - 34}
  // Of the usual spread: with that of all samples, a few wild ones would make it a flat line.
  const sd = own.n === 0 ? 0 : own.usual || own.sd || told.sd, mean = own.middle ?? own.mean ?? told.mean
  const most = Math.max(...every, ...mine, sd > 0 ? 0.4 / sd : 0) * 1.05 || 1
  const lowest = edges[0], highest = edges[edges.length - 1]
  const x = (v) => box.left + (box.right - box.left) * (v - lowest) / (highest - lowest)
  const y = (v) => box.bottom - (box.bottom - box.top) * v / most
  const bars = (values, kind, counts) => values.map((v, k) => hinted(draw("rect", {class: kind, x: x(edges[k]), width: Math.max(0.5, x(edges[k + 1]) - x(edges[k]) - 0.5), y: y(v), height: Math.max(0, box.bottom - y(v))}), `${fixed(edges[k])} to ${fixed(edges[k + 1])} ${doc.unit ?? ""}: ${counted(counts[k], "sample")}`))
  const parts = [...axes(box, x, y, ticks(lowest, highest, 7), [], `Observation minus product [${doc.unit ?? ""}]`)]
  if (some) parts.push(...bars(every, "bar all", told.counts))
  parts.push(...bars(mine, "bar", own.counts ?? told.counts))
  if (sd > 0) {
    const way = Array.from({length: 121}, (_, k) => {
      const v = lowest + (highest - lowest) * k / 120
      return `${k ? "L" : "M"}${x(v).toFixed(1)} ${y(Math.exp(-((v - mean) ** 2) / (2 * sd * sd)) / (sd * Math.sqrt(2 * Math.PI))).toFixed(1)}`
    }).join("")
    parts.push(draw("path", {class: "gauss", d: way}))
    if (mean > lowest && mean < highest) parts.push(draw("line", {class: "mean", x1: x(mean), x2: x(mean), y1: box.top, y2: box.bottom}))
  }
  return parts
}

function histogram() {
  const words = make("span", {class: "quiet"})
  const svg = plot("Histogram of the residuals with a Gaussian of their median and usual spread", paint_histogram)
  const node = make("section", {class: "card hist"}, make("div", {class: "line head"}, make("b", {}, "Histogram"), words), svg)
  node.put = (given) => {
    const own = given.picked.histogram ?? given.doc.residuals?.histogram
    const outside = own?.outside ? `; ${number(own.outside)} beyond` : ""
    words.textContent = own?.n === 0 ? "no samples" : own ? `mean ${signed(own.mean, 3)}, SD ${fixed(own.sd, 3)}${own.usual ? `, usual ${fixed(own.usual, 3)}` : ""} ${given.doc.unit ?? ""}${outside}` : ""
    words.title = "The usual spread (from the median of the distances to the median) is that of the Gaussian; what lies beyond the axis is in the outer bars."
    svg.put(given)
  }
  return node
}

// Mean residual in bins, with the middle 80 %; depth goes downwards.
function paint_curve({bins, unit, title, down, n_all}, w, h) {
  if (!bins?.edges?.length) return [text_at(w / 2, h / 2, "Nothing to show.")]
  const edges = bins.edges.map(Number)
  const there = bins.mean.map((v, k) => k).filter((k) => bins.mean[k] !== null)
  if (!there.length) return [text_at(w / 2, h / 2, "No samples.")]
  // A bin of few samples does not take all the room; what lies beyond is marked at the edge.
  const all = bins.n.reduce((a, b) => a + b, 0)
  const many = there.filter((k) => bins.n[k] >= 0.002 * all)
  const values = (many.length ? many : there).flatMap((k) => [bins.low[k], bins.high[k], bins.mean[k]]).filter((v) => v !== null)
  const room = 1.1 * reach([...values, 0], 1)
  const held = (v) => Math.max(-room, Math.min(room, v))
  const box = {left: down ? 52 : 48, right: w - 14, top: 22, bottom: h - 36}
  const last = there[there.length - 1]
  const low = edges[there[0]], high = edges[last + 1]
  const root = down && high > 300
  const warp = root ? (v) => Math.sqrt(Math.max(0, v)) : (v) => v
  const along = (v, a, b) => a + (b - a) * (warp(v) - warp(low)) / (warp(high) - warp(low) || 1)
  const across = (v, a, b) => a + (b - a) * (v + room) / (2 * room)
  const x = down ? (v) => across(v, box.left, box.right) : (v) => along(v, box.left, box.right)
  const y = down ? (v) => along(v, box.top, box.bottom) : (v) => across(v, box.bottom, box.top)
  const marks = root ? [0, 50, 100, 200, 500, 1000, 2000, 3000, 5000].filter((v) => v >= low && v <= high) : ticks(low, high, down ? 6 : 7)
  const frame = down
    ? axes(box, x, y, ticks(-room, room, 5), marks, `Residual [${unit}]`, title)
    : axes(box, x, y, marks, ticks(-room, room, 5), title, `Residual [${unit}]`)
  const most = Math.max(...bins.n, 1)
  const parts = []
  for (const k of there) {
    const a = along(edges[k], ...(down ? [box.top, box.bottom] : [box.left, box.right])), b = along(edges[k + 1], ...(down ? [box.top, box.bottom] : [box.left, box.right]))
    const sentence = `${tick_text(Number(edges[k].toPrecision(6)))} to ${tick_text(Number(edges[k + 1].toPrecision(6)))}: mean ${signed(bins.mean[k], 3)}, middle 80 % ${fixed(bins.low[k])} to ${fixed(bins.high[k])} ${unit}, ${counted(bins.n[k], "sample")}`
    const mean = held(bins.mean[k])
    const [c0, c1] = down ? [x(held(bins.low[k])), x(held(bins.high[k]))] : [y(held(bins.high[k])), y(held(bins.low[k]))]
    const [l0, l1] = [Math.min(a, b), Math.abs(b - a)]
    const attributes = down ? {x: c0, width: Math.max(1, c1 - c0), y: l0 + 0.5, height: Math.max(1, l1 - 1)} : {x: l0 + 0.5, width: Math.max(1, l1 - 1), y: c0, height: Math.max(1, c1 - c0)}
    parts.push(hinted(draw("rect", {class: "spread", ...attributes}), sentence))
    const m = down ? {x1: x(mean), x2: x(mean), y1: a, y2: b} : {y1: y(mean), y2: y(mean), x1: a, x2: b}
    parts.push(hinted(draw("line", {class: mean === bins.mean[k] ? "middle" : "middle beyond", ...m, "stroke-opacity": Math.max(0.35, Math.min(1, bins.n[k] / most + 0.35))}), sentence))
  }
  return [...frame, ...parts]
}

function curves() {
  const depth = plot("Residuals against depth", paint_curve)
  const time = plot("Residuals against time", paint_curve)
  const value = plot("Residuals against value", paint_curve)
  const card = (title, svg) => make("section", {class: "card"}, make("div", {class: "line head"}, make("b", {}, title), make("span", {class: "quiet"}, "mean and middle 80 %")), svg)
  const node = make("div", {class: "curves"}, card("Against depth", depth), card("Against time", time), card("Against observed value", value))
  node.put = ({doc, picked}) => {
    const bins = (name) => picked[name] ?? doc.residuals?.[name]
    depth.put({bins: bins("against_depth"), unit: doc.unit ?? "", title: "Depth [m]", down: true})
    time.put({bins: bins("against_time"), unit: doc.unit ?? "", title: "Year"})
    value.put({bins: bins("against_value"), unit: doc.unit ?? "", title: `Observed ${(doc.label ?? doc.parameter ?? "value").toLowerCase()} [${doc.unit ?? ""}]`})
  }
  return node
}

// Upright bars, [label, n] each.
function paint_bars({bars, title}, w, h) {
  if (!bars?.length) return [text_at(w / 2, h / 2, "Nothing to show.")]
  const box = {left: 56, right: w - 10, top: 14, bottom: h - 32}
  const most = Math.max(1, ...bars.map(([, n]) => n))
  const y = (v) => box.bottom - (box.bottom - box.top) * v / most
  const wide = (box.right - box.left) / bars.length
  const every = Math.ceil(bars.length / Math.max(1, Math.floor((box.right - box.left) / 44)))
  return [
    ...ticks(0, most, 4).flatMap((v) => [draw("line", {class: "axis", x1: box.left, x2: box.right, y1: y(v), y2: y(v)}), text_at(box.left - 5, y(v) + 4, number(v), "end")]),
    ...bars.map(([label, n], k) => hinted(draw("rect", {class: "bar", x: box.left + k * wide + 0.5, width: Math.max(1, wide - 1), y: y(n), height: box.bottom - y(n)}), `${label}: ${counted(n, "sample")}`)),
    ...bars.flatMap(([label], k) => k % every ? [] : [text_at(box.left + (k + 0.5) * wide, box.bottom + 14, String(label))]),
    text_at((box.left + box.right) / 2, box.bottom + 28, title, "middle", {class: "name"}),
  ]
}

// Lying bars with names: shares of centres and platforms.
function shares(rows, all) {
  const most = Math.max(1, ...rows.map(([, n]) => n))
  return make("div", {class: "shares"}, ...rows.map(([title, n]) => {
    const bar = make("i")
    bar.style.width = `${100 * n / most}%`
    return make("div", {}, make("span", {class: "who", title}, title), make("span", {class: "track"}, bar), make("span", {class: "n"}, `${number(n)} (${n && n / (all || 1) < 0.0005 ? "< 0.1 %" : percent(n / (all || 1), 1)})`))
  }))
}

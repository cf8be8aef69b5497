// The dialog of fitted lengths: the covariance of one level with its curve, and all levels.

export function render({model}) {
  const send = (said) => model.send_msg(said)
  const chips = make("div", {class: "chips", role: "group", "aria-label": "Direction"}, ...[["horizontal", "Horizontal"], ["vertical", "Vertical"]].map(([of, title]) =>
    make("button", {type: "button", "data-of": of, onclick: () => send({of})}, title)))
  const when = make("span", {class: "quiet"})
  const said = make("p", {role: "status"})
  const plot = draw("svg", {viewBox: "0 0 620 340", preserveAspectRatio: "xMidYMin meet", role: "img", "aria-label": "Covariance over distance"})
  const about = make("p")
  const body = make("tbody")
  const levels = make("div", {class: "levels"}, make("table", {}, make("thead", {}, make("tr", {}, make("th", {class: "n"}, "Level"), make("th", {class: "n", title: "Smoothed over the levels: those that are fitted well count most"}, "Smoothed"), make("th", {}, "Quality of the fit"))), body))
  const use = (how, main) => make("button", {type: "button", class: main ? "main" : "", onclick: () => send({do: "use", how})})
  const one = use("one", true), all = use("all"), here = use("this"), anew = use("fit"), noise = use("noise")
  const foot = make("div", {class: "foot line"}, one, all, here, anew, make("span", {class: "grow"}), noise)
  const halves = make("div", {class: "halves"}, make("div", {}, plot, about), make("div", {}, levels))

  const told = (m) => m === null || m === undefined ? "–" : m >= 1000 ? `${short(m / 1000)} km` : `${short(m)} m`

  function ticks(low, high, count) {
    const span = high - low || 1
    const power = 10 ** Math.floor(Math.log10(span / count))
    const step = power * [1, 2, 5, 10].reduce((a, b) => Math.abs(span / (b * power) - count) < Math.abs(span / (a * power) - count) ? b : a)
    const found = []
    for (let v = Math.ceil(low / step) * step; v <= high + step * 1e-6; v += step) found.push(Math.abs(v) < step * 1e-6 ? 0 : v)
    return found
  }

  function curve(c) {
    plot.replaceChildren()
    if (!c || !c.distance.length) return
    const left = 54, right = 610, top = 12, bottom = 296
    const far = c.distance[c.distance.length - 1] || 1
    const values = [...c.covariance, ...c.fitted.slice(1), 0].filter((v) => v !== null)
    const high = Math.max(...values) * 1.06, low = Math.min(...values, 0)
    const x = (d) => left + (right - left) * d / far
    const y = (v) => bottom - (bottom - top) * (v - low) / (high - low || 1)
    const kilo = far >= 3000
    for (const v of ticks(low, high, 5)) {
      plot.append(draw("line", {class: v === 0 ? "zero" : "axis", x1: left, x2: right, y1: y(v), y2: y(v)}), draw("text", {x: left - 6, y: y(v) + 4, "text-anchor": "end"}, short(v)))
    }
    for (const d of ticks(0, far, 6)) plot.append(draw("text", {x: x(d), y: bottom + 16, "text-anchor": "middle"}, short(kilo ? d / 1000 : d)))
    plot.append(draw("text", {x: right, y: bottom + 33, "text-anchor": "end"}, `Distance of two observations [${kilo ? "km" : "m"}]`), draw("text", {x: left, y: 8}, "Covariance"))
    c.distance.forEach((d, k) => {
      if (c.covariance[k] === null) return
      const inside = k >= c.bins[0] && k < c.bins[1]
      plot.append(draw("circle", {class: inside ? "seen in" : "seen", cx: x(d), cy: y(c.covariance[k]), r: 2.6}))
    })
    if (!c.message) {
      const way = c.fitted.map((v, k) => v === null ? "" : `${k ? "L" : "M"}${x(c.distance[k]).toFixed(1)} ${y(v).toFixed(1)}`).join("")
      plot.append(draw("path", {class: "curve", d: way}))
    }
    if (c.length && c.length < far) {
      plot.append(draw("line", {class: "length", x1: x(c.length), x2: x(c.length), y1: top, y2: bottom}), draw("text", {class: "mark", x: x(c.length) + 5, y: top + 12}, `length ${told(c.length)}`))
    }
  }

  function show() {
    const s = model.state
    for (const button of chips.children) button.setAttribute("aria-pressed", String(button.dataset.of === s.of))
    when.textContent = s.time ? `observations of ${s.time}, as anomalies from their mean profile` : ""
    said.textContent = s.busy ? "Fitting …" : s.error || (s.limited ? `Lengths were kept within what the grid holds: ${s.limits[0]} (two steps) to ${s.limits[1]}.` : "")
    said.classList.toggle("wrong", Boolean(s.error))
    halves.classList.toggle("busy", Boolean(s.busy))
    const found = s.levels?.length > 0
    halves.hidden = !found
    foot.hidden = !found
    if (!found) return
    curve(s.curve)
    const c = s.curve
    about.textContent = c.message || `Dots: the covariance of pairs of observations; line: the curve of an analysis with this length. Alone it gives ${told(c.length)}, smoothed over the levels ${told(s.levels[s.level].length)}. Variance ${short(c.variance)}, ${c.epsilon2 > 1e-3 ? `noise to signal (epsilon²) ${short(c.epsilon2)}` : "no noise seen"}, quality ${short(c.quality)} of 1.`
    body.replaceChildren(...s.levels.map((level, k) => {
      const fill = make("i")
      fill.style.width = `${100 * Math.max(0, Math.min(1, level.quality ?? 0))}%`
      return make("tr", {"aria-selected": String(k === s.level), onclick: () => send({level: k})},
        make("td", {class: "n"}, `${number(level.depth)} m`), make("td", {class: "n"}, told(level.length)),
        make("td", {title: level.guess ? "Too few data: a guess" : `${short(level.quality ?? 0)} of 1`}, make("span", {class: `meter${(level.quality ?? 0) < 0.5 ? " poor" : ""}`}, fill), level.guess ? " guess" : ""))
    }))
    one.textContent = `Use ${s.one} everywhere`
    all.textContent = "Use one a level"
    here.textContent = `Use ${s.this} of this level`
    anew.textContent = "Fit anew in every run"
    noise.textContent = c.epsilon2 ? `Use epsilon² ${short(Number(c.epsilon2.toPrecision(2)))}` : ""
    noise.hidden = !(c.epsilon2 > 1e-3) || Boolean(c.message)
    here.hidden = !s.this || s.this === s.one
    one.hidden = !s.one
  }

  model.on("state", show)
  show()
  return frame(model, make("div", {class: "line"}, chips, when), said, halves, foot)
}

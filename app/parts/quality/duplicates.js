// The tool "Duplicates": tolerances and pairs on the left, both stations on the right.

const A = "#2a78c8", B = "#e07b39"

export function render({model}) {
  const send = (said) => model.send_msg(said)
  // Other pairs are looked for: the one in view is not to be decided on any more.
  const find = (said) => {
    for (const button of buttons) button.disabled = true
    send(said)
  }
  let listed = ""

  // ---- left ----
  const limits = make("div", {class: "limits"})
  const soon = later(() => {
    const found = {}
    for (const field of limits.querySelectorAll("input")) {
      const value = Number(field.value.replace(",", "."))
      const fine = field.value.trim() && value >= 0 && value <= Number(field.dataset.most)
      field.classList.toggle("wrong", !fine)
      field.setAttribute("aria-invalid", !fine)
      if (fine) found[field.name] = value
    }
    find({limits: found})
  }, 300)
  const elsewhere = make("input", {type: "checkbox", onchange: () => {
    elsewhere.wanted = elsewhere.checked
    find({limits: {}, elsewhere: elsewhere.checked})
  }})
  const sum = make("div", {class: "sum"})
  const list = make("div", {class: "list", role: "listbox", tabindex: 0, "aria-label": "Pairs", onkeydown: (event) => {
    const by = {ArrowDown: 1, n: 1, ArrowUp: -1, p: -1}[event.key]
    if (by) { event.preventDefault(); send({at: model.state.at + by}) }
  }})
  const page = make("span", {class: "quiet"})
  const back = make("button", {"aria-label": "Page before", onclick: () => send({page: model.state.page - 1})}, "‹")
  const next = make("button", {"aria-label": "Next page", onclick: () => send({page: model.state.page + 1})}, "›")
  const pages = make("div", {class: "pages"}, back, page, next)

  // ---- right ----
  const key = make("select", {"aria-label": "Parameter", onchange: () => find({key: key.value})})
  const canvas = make("canvas", {role: "img", "aria-label": "Profiles of both stations"})
  const holder = make("div", {class: "canvas"}, canvas)
  const legend = make("div", {class: "legend"})
  const fields = make("div", {class: "fields"})
  const said = make("span", {role: "status"})
  const flag = make("select", {"aria-label": "Flag", onchange: () => send({flag: flag.value})},
    make("option", {value: "4"}, "4 bad"), make("option", {value: "3"}, "3 probably bad"))
  const does = (what, title, kind) => make("button", {class: kind, onclick: () => send({do: what, of: model.state.at})}, title)
  const undo = does("undo", "Undo", "plain")
  const buttons = [does("both", "Keep both", "also"), does("a", "Keep A, flag B", "main"), does("b", "Keep B, flag A", "main")]
  const foot = make("div", {class: "line foot"}, does("look a", "A in the plots", "plain"), does("look b", "B in the plots", "plain"),
    said, undo, make("span", {class: "grow"}), make("span", {class: "quiet"}, "Flag of the other"), flag, ...buttons)
  const pair = make("div", {class: "pair"}, make("div", {class: "plot"}, key, holder, legend), fields)
  const none = make("p", {class: "none"})
  const right = make("div", {class: "right"}, none, pair, foot)

  function show_form() {
    if (!model.form.tolerances) return
    limits.replaceChildren(...model.form.tolerances.map(([name, title, usual, most]) =>
      make("label", {}, title, make("input", {name, inputmode: "decimal", "data-most": most, title: `0 to ${most}`, value: model.state.limits?.[name] ?? usual, oninput: soon}))))
    offer(key, model.form.keys, model.state.key)
  }

  function show() {
    const s = model.state
    if (!s.limits) return
    const unit = /\[.*\]$/.exec(model.form.keys?.find(([k]) => k === s.key)?.[1] ?? "")?.[0] ?? ""
    const value = limits.querySelector('[name="value"]')
    if (value) value.parentNode.firstChild.data = `Value ${unit}`
    tick(elsewhere, s.elsewhere)
    offer(key, model.form.keys ?? [], s.key)
    flag.value = s.flag
    sum.replaceChildren(
      ...(s.total || !s.busy ? [make("b", {}, number(s.total)), s.total === 1 ? "pair" : "pairs"] : []),
      make("span", {class: "quiet"}, s.busy ? "Looking …" : ""))
    list.classList.toggle("busy", s.busy)
    const texts = JSON.stringify([s.list, s.at])
    if (texts !== listed) {
      listed = texts
      list.replaceChildren(...s.list.map(([i, a, b, apart, reason, done]) =>
        make("div", {class: "item", role: "option", "aria-selected": String(i === s.at), onclick: () => send({at: i})},
          make("div", {}, dot(A), make("span", {title: a}, a), make("em", {}, done)),
          make("div", {}, dot(B), make("span", {title: b}, b)),
          make("small", {title: reason}, `${apart} · ${reason}`))))
      list.querySelector('[aria-selected="true"]')?.scrollIntoView({block: "nearest"})
    }
    pages.hidden = s.pages < 2
    page.textContent = `page ${s.page + 1} of ${s.pages}`
    back.disabled = s.page <= 0
    next.disabled = s.page + 1 >= s.pages
    said.textContent = s.said
    said.classList.toggle("wrong", s.wrong)
    undo.hidden = !s.undo
    for (const button of [...buttons, ...foot.querySelectorAll(".plain")]) button.disabled = !s.pair || s.busy
    pair.hidden = !s.pair
    none.hidden = Boolean(s.pair)
    none.textContent = s.busy ? "" : "No two stations are alike within these tolerances. Widen them to look further."
    if (s.pair) show_pair(s.pair)
  }

  function show_pair(p) {
    fields.replaceChildren(make("table", {},
      make("tr", {}, make("th"), make("th", {}, dot(A), "A"), make("th", {}, dot(B), "B")),
      ...p.fields.map(([title, a, b, other]) =>
        make("tr", {class: other ? "other" : "same"}, make("td", {}, title), make("td", {}, a), make("td", {}, b)))))
    legend.replaceChildren(
      make("span", {}, dot(A), `A, ${counted(p.profiles[0].depth.length, "sample")}`),
      make("span", {}, dot(B), `B, ${counted(p.profiles[1].depth.length, "sample")}`),
      make("span", {}, "open: flagged 3 or 4"),
      ...(p.thinned > 1 ? [make("span", {}, `drawn: one of ${p.thinned} samples`)] : []),
    )
    paint()
  }

  function paint() {
    const p = model.state.pair
    const {clientWidth: w, clientHeight: h} = holder
    if (!p || !w || !h) return
    const scale = window.devicePixelRatio || 1
    canvas.width = w * scale
    canvas.height = h * scale
    const g = canvas.getContext("2d")
    g.scale(scale, scale)
    const style = getComputedStyle(holder)
    const [ink, line, paper] = ["--quiet", "--line", "--paper"].map((name) => style.getPropertyValue(name))
    const values = p.profiles.flatMap((q) => q.value), depths = p.profiles.flatMap((q) => q.depth)
    g.font = "11px Roboto, system-ui, sans-serif"
    g.fillStyle = ink
    if (!values.length) {
      g.textAlign = "center"
      g.fillText("Neither has values of this parameter", w / 2, h / 2)
      return
    }
    const xs = ticks(least(values), most(values), 4), ys = ticks(least(depths), most(depths), 6)
    const box = {left: 44, right: w - 8, top: 6, bottom: h - 22}
    const x = (v) => box.left + (box.right - box.left) * (v - xs.from) / (xs.to - xs.from)
    const y = (v) => box.top + (box.bottom - box.top) * (v - ys.from) / (ys.to - ys.from)
    g.strokeStyle = line
    g.textAlign = "center"
    for (const v of xs.at) { stroke(g, [[x(v), box.top], [x(v), box.bottom]]); g.fillText(short(v), x(v), h - 8) }
    g.textAlign = "right"
    for (const v of ys.at) { stroke(g, [[box.left, y(v)], [box.right, y(v)]]); g.fillText(short(v), box.left - 6, y(v) + 4) }
    p.profiles.forEach((q, i) => {
      g.strokeStyle = [A, B][i]
      g.globalAlpha = 0.55
      g.lineWidth = 1.2
      stroke(g, q.depth.map((d, k) => [x(q.value[k]), y(d)]))
      g.globalAlpha = 1
      const size = i ? 2.4 : 3.6 // B stands on A, so that equal samples show both
      q.depth.forEach((d, k) => {
        g.beginPath()
        g.arc(x(q.value[k]), y(d), size, 0, 7)
        g.fillStyle = q.bad[k] ? paper : [A, B][i]
        g.fill()
        g.stroke()
      })
      g.lineWidth = 1
    })
  }

  function least(list) { return list.reduce((a, b) => Math.min(a, b), Infinity) }
  function most(list) { return list.reduce((a, b) => Math.max(a, b), -Infinity) }

  function stroke(g, points) {
    g.beginPath()
    points.forEach(([px, py], i) => (i ? g.lineTo(px, py) : g.moveTo(px, py)))
    g.stroke()
  }

  // Round steps, and a little room at both ends.
  function ticks(low, high, n) {
    const room = (high - low) * 0.05 || Math.abs(low) * 0.01 || 1
    const [from, to] = [low - room, high + room]
    const raw = (to - from) / n, power = 10 ** Math.floor(Math.log10(raw))
    const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw)
    const at = []
    for (let v = Math.ceil(from / step) * step; v <= to; v += step) at.push(Math.abs(v) < step / 1e6 ? 0 : v)
    return {from, to, at}
  }

  const node = frame(model, make("div", {class: "sides"},
    make("div", {class: "left"}, limits,
      make("label", {class: "elsewhere"}, elsewhere, "Also equal values at another place or time"), sum, list, pages),
    right))
  new ResizeObserver(paint).observe(holder)
  model.on("dark", paint)
  model.on("form", show_form)
  model.on("state", show)
  show_form()
  show()
  return node
}

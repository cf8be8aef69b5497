// Skill by two dimensions. A cell whose interval contains zero is quiet: it may be chance.

const METRICS = {
  bias: "Bias",
  rmse: "RMSE",
  within2: "Within 2σ",
  n: "Samples",
}

function heatmap(send, pick) {
  let given = null
  let chosen = {rows: "layer", columns: "month", metric: "bias"}
  let at = [0, 0]
  const select = (name, title) => make("select", {"aria-label": title, onchange: (event) => { chosen = {...chosen, [name]: event.target.value}; if (chosen.rows === chosen.columns) chosen[name === "rows" ? "columns" : "rows"] = name === "rows" ? (chosen.rows === "month" ? "layer" : "month") : (chosen.columns === "layer" ? "month" : "layer"); at = [0, 0]; put(given) }})
  const rows = select("rows", "Rows of the heatmap")
  const columns = select("columns", "Columns of the heatmap")
  const metric = make("div", {class: "chips", role: "group", "aria-label": "Measure"}, ...Object.entries(METRICS).map(([key, title]) => make("button", {type: "button", "data-key": key, onclick: () => { chosen = {...chosen, metric: key}; put(given) }}, title)))
  const key = make("span", {class: "grow keyed"})
  const body = make("div", {class: "grid", role: "grid", "aria-label": "Skill", tabindex: "-1"})
  const words = make("div", {class: "tells", role: "status"})
  const node = make("section", {class: "card heat"}, make("div", {class: "line head"}, make("b", {}, "Skill"), rows, make("span", {class: "quiet"}, "×"), columns, metric, key), make("div", {class: "scrolls"}, body), words)

  function found(doc, tables) {
    const {rows: a, columns: b} = chosen
    const others = Object.keys(NAMES).filter((d) => d !== a && d !== b)
    const own = (doc.skill?.rows ?? []).filter((r) => r[a] !== null && r[a] !== undefined && r[b] !== null && r[b] !== undefined && others.every((d) => r[d] === null || r[d] === undefined))
    if (own.length) return own
    const computed = tables?.[`${a},${b}`] ?? tables?.[`${b},${a}`]
    if (!computed && given.asked !== `${a},${b}`) {
      given.asked = `${a},${b}`
      send({do: "table", rows: a, columns: b})
    }
    return computed ?? []
  }

  function colour(row, limits, dark) {
    const v = row[chosen.metric]
    if (v === null || v === undefined) return null
    if (chosen.metric === "bias") return diverging((chance(row) ? 0.3 : 1) * Math.max(-1, Math.min(1, v / limits)), dark)
    if (chosen.metric === "rmse") return rising(v / limits, dark)
    if (chosen.metric === "within2") return diverging((0.954 - v) / 0.3, dark)
    return rising(Math.log1p(v) / Math.log1p(limits), dark)
  }

  const few = (row) => row.bias_low === null || row.bias_low === undefined
  const chance = (row) => chosen.metric === "bias" && (few(row) || (row.bias_low <= 0 && row.bias_high >= 0))

  function told(row, unit, a, b) {
    const interval = (name) => row[`${name}_low`] === null || row[`${name}_low`] === undefined ? "" : ` (${fixed(row[`${name}_low`])} to ${fixed(row[`${name}_high`])})`
    const parts = [`bias ${signed(row.bias)}${interval("bias")}${!chance(row) ? "" : few(row) ? ", without interval" : ", perhaps chance"}, RMSE ${fixed(row.rmse)}${interval("rmse")} ${unit}`]
    if (row.within2 !== null && row.within2 !== undefined) parts.push(`${percent(row.within2)} within 2σ`)
    return `${a}, ${b}: ${parts.join("; ")}; ${counted(row.n, "sample")}`
  }

  function put(next) {
    if (!next) return
    given = next
    const {doc, tables, brush, dark} = given
    const known = Object.keys(NAMES).filter((name) => titles_of(doc, name).length)
    for (const [node, name] of [[rows, "rows"], [columns, "columns"]]) offer(node, known.map((k) => [k, NAMES[k]]), chosen[name])
    for (const b of metric.children) b.setAttribute("aria-pressed", String(b.dataset.key === chosen.metric))
    const own = found(doc, tables)
    const byKey = new Map(own.map((r) => [`${r[chosen.rows]},${r[chosen.columns]}`, r]))
    const limits = chosen.metric === "n" ? Math.max(1, ...own.map((r) => r.n)) : reach((own.some((r) => !few(r)) ? own.filter((r) => !few(r)) : own).map((r) => r[chosen.metric]))
    const unit = doc.unit ?? ""
    key.replaceChildren(chosen.metric === "bias" ? colour_bar(limits, unit, dark) : chosen.metric === "rmse" ? colour_bar(limits, unit, dark, {two: false}) : make("span", {class: "quiet"}, chosen.metric === "within2" ? "95 % is expected; red is less" : `up to ${number(limits)}`))
    const down = titles_of(doc, chosen.rows), across = titles_of(doc, chosen.columns)
    at = [Math.min(at[0], down.length - 1), Math.min(at[1], across.length - 1)]
    body.style.gridTemplateColumns = `minmax(64px, max-content) repeat(${across.length}, minmax(26px, 1fr))`
    const digits = chosen.metric === "rmse" || chosen.metric === "bias" ? Math.min(3, Math.max(1, digits_of(limits))) : 0
    const cells = [make("span")]
    cells.push(...across.map((title, c) => head(short_month(short_title(title)), title, chosen.columns, c)))
    down.forEach((title, r) => {
      cells.push(head(short_title(title), title, chosen.rows, r))
      across.forEach((other, c) => {
        const row = byKey.get(`${r},${c}`)
        const cell = make("button", {type: "button", role: "gridcell", class: "cell", tabindex: r === at[0] && c === at[1] ? "0" : "-1", "data-at": `${r},${c}`})
        const on = brush[chosen.rows]?.includes(r) && brush[chosen.columns]?.includes(c)
        cell.setAttribute("aria-selected", String(Boolean(on)))
        if (!row) {
          cell.classList.add("none")
          cell.setAttribute("aria-label", `${title}, ${other}: no samples`)
          cells.push(cell)
          return
        }
        const fill = colour(row, limits, dark)
        if (chance(row)) cell.classList.add("chance")
        else if (fill) cell.style.color = ink_on(fill)
        if (fill) cell.style.background = rgb(fill)
        cell.textContent = across.length > 16 ? "" : chosen.metric === "bias" ? signed(row.bias, digits) : chosen.metric === "rmse" ? fixed(row.rmse, digits) : chosen.metric === "within2" ? (row.within2 === null ? "" : String(Math.round(100 * row.within2))) : row.n > 9999 ? `${Math.round(row.n / 1000)}k` : String(row.n)
        const sentence = told(row, unit, title, other)
        cell.setAttribute("aria-label", sentence)
        cells.push(cell)
      })
    })
    // Who walks through the cells by keys stays where he is.
    const held = body.contains(node.getRootNode().activeElement)
    body.replaceChildren(...cells)
    if (held) body.querySelector(`[data-at="${at[0]},${at[1]}"]`)?.focus({preventScroll: true})
    words.textContent = own.length ? HINT : "Computing …"
  }
  const HINT = "A cell filters map, histogram and tables; pale cells may be chance (95 % interval contains 0, or few samples)."

  function head(text, title, name, k) {
    return make("button", {type: "button", class: "title", title: `Pick ${title}`, tabindex: "-1", onclick: () => toggle({[name]: [k]})}, text)
  }

  function toggle(wanted) {
    const same = Object.entries(wanted).every(([name, [k]]) => given.brush[name]?.length === 1 && given.brush[name][0] === k) && Object.keys(given.brush).filter((n) => n in NAMES).length === Object.keys(wanted).length
    pick(same ? {} : wanted)
  }

  body.addEventListener("click", (event) => {
    const cell = event.target.closest(".cell:not(.none)")
    if (!cell) return
    at = cell.dataset.at.split(",").map(Number)
    toggle({[chosen.rows]: [at[0]], [chosen.columns]: [at[1]]})
  })
  const tell = (event) => {
    const cell = event.target.closest?.(".cell")
    words.textContent = cell ? cell.getAttribute("aria-label") : HINT
  }
  body.addEventListener("pointerover", tell)
  body.addEventListener("focusin", tell)
  body.addEventListener("pointerleave", tell)
  body.addEventListener("keydown", (event) => {
    const move = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]}[event.key]
    if (!move || !event.target.dataset?.at) return
    event.preventDefault()
    const [r, c] = event.target.dataset.at.split(",").map(Number)
    const next = body.querySelector(`[data-at="${r + move[0]},${c + move[1]}"]`)
    if (!next) return
    event.target.tabIndex = -1
    next.tabIndex = 0
    at = [r + move[0], c + move[1]]
    next.focus()
  })
  node.put = put
  return node
}

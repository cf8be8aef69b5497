// Small pieces around the plots: what a plot shows, the findings, how many neighbours.

function head(kind, root) {
  const options = (parameters, extra) => [...parameters.filter(([key]) => !key.startsWith("@")), ...extra]
    .map(([value, label]) => make("option", {value}, label.replace(/ \[.*/, "")))
  const chooser = (title, choose) => {
    const node = make("select", {"aria-label": title, onchange: () => { choose(node.value); node.blur() }})
    return node
  }
  const send = (message) => bus.state?.send(message)
  if (kind === "b") {
    const second = chooser("Second profile", (value) => send({second: value}))
    root.append(second)
    return ({parameters, shown}) => {
      second.replaceChildren(...options(parameters, []))
      second.value = shown.pairs.b[0]
    }
  }
  if (kind === "d") {
    const x = chooser("Across", (value) => send({pair: [value, y.value]}))
    const y = chooser("Upwards", (value) => send({pair: [x.value, value]}))
    root.append(y, make("span", {}, "against"), x)
    return ({parameters, shown}) => {
      const extra = parameters.filter(([key]) => key === "@depth" || key === "@time")
      for (const [node, key] of [[x, shown.pairs.d[0]], [y, shown.pairs.d[1]]]) {
        node.replaceChildren(...options(parameters, extra))
        node.value = key
      }
    }
  }
  const title = make("b")
  root.append(title)
  return ({labels, shown}) => {
    title.textContent = kind === "a" ? (labels[shown.pairs.a[0]] ?? "").replace(/ \[.*/, "") : kind === "c" ? "T-S diagram" : "Neighbours"
  }
}

function findings(root) {
  return (state) => {
    const {view, shown, picked} = state
    const own = (group) => (group.key === shown.target ? 0 : 1)
    const groups = view ? [...view.findings].sort((a, b) => own(a) - own(b)) : []
    const chosen = new Set(picked)
    const rows = groups.map((group) => {
      const [colour] = state.looks[group.flag] ?? ["currentColor"]
      const all = group.samples.length > 0 && group.samples.every((i) => chosen.has(i))
      return make("button", {type: "button", class: "finding", "aria-pressed": String(all), onclick: () => state.take(group)},
        make("b", {}, make("i", {style: `background:${colour}`}), group.title),
        ...[group.place, group.words].filter(Boolean).map((text) => make("span", {}, text)))
    })
    const count = groups.reduce((sum, group) => sum + group.count, 0)
    const text = count ? several(count, "finding") : view?.checked ? "No findings in this station" : "No checks have run yet"
    root.replaceChildren(make("h4", {}, text), make("div", {class: "list"}, ...rows))
  }
}

// What the violet line is, or why there is none.
function climate_words({view, shown}) {
  const found = [shown.pairs.a[0], shown.pairs.b[0]].map((key) => view.climates?.[key]).find(Boolean)
  if (!found) return null
  const reach = found.limit === null ? "mean" : `mean ± ${number(found.limit)} standard deviations`
  return make("span", {class: "climate"}, `climatology ${found.name}: ${reach}`)
}

// The product that is open, and the switch that shows or hides its line.
function product_words({view, shown, product, send}) {
  if (!product?.name && !product?.wrong) return null
  const found = [shown.pairs.a[0], shown.pairs.b[0]].map((key) => view.products?.[key]).filter(Boolean)
  const drawn = found.find((one) => one.y)
  const why = product.wrong || (drawn ? "" : found.find((one) => one.why)?.why ?? "")
  const label = drawn?.label ? `, ${drawn.label}` : ""
  const error = drawn?.by.length ? " ± expected error" : ""
  const rest = !product.shown || drawn ? "" : found.length || product.wrong ? "nothing here" : "of neither parameter"
  const words = `product ${product.name}${label}${error}${rest && ` (${rest})`}`
  return make("button", {type: "button", class: "product", "aria-pressed": String(product.shown), onclick: () => send({line: !product.shown}),
    title: [product.shown ? "Hide the line of the product" : "Show the line of the product", why].filter(Boolean).join("\n")},
    words, make("u", {}, product.shown ? "hide" : "show"))
}

function caption(root) {
  return (state) => {
    const {view, shown, labels, climatology} = state
    if (!view) return root.replaceChildren()
    const {found, drawn, counted, words, bands} = view.near
    const name = (key) => (labels[key] ?? key).replace(/ \[.*/, "")
    const lacks = shown.lacks ? `No ${name(shown.lacks).toLowerCase()} in this station: ${name(shown.pairs.a[0]).toLowerCase()} is shown · ` : ""
    const show = (sentence) => {
      const climate = view.kind === "depth" ? climate_words(state) : null
      const product = view.kind === "depth" ? product_words(state) : null
      root.replaceChildren(make("span", {class: "sentence"}, sentence), ...[climate, product].filter(Boolean))
      root.title = [root.textContent, climate ? "" : climatology].filter(Boolean).join("\n")
    }
    if (!found) return show(`${lacks}No neighbours ${words} in this collection.`)
    const lines = drawn < found ? `${drawn} nearest of ${several(found, "neighbour")}` : several(found, "neighbour")
    const band = bands.a?.y.length ? ` · band: 5 to 95 % of ${several(bands.a.count, "good value")}${counted < found ? ` of the ${counted} nearest` : ""}` : ""
    show(`${lacks}Grey: ${lines} ${words}${band}`)
  }
}

function render_piece({model}) {
  const {kind} = model
  const root = make("div", {class: `piece ${kind.length === 1 || kind === "map" ? "head" : kind}`})
  const draw = {findings, caption}[kind]?.(root) ?? head(kind, root)
  const show = () => { if (bus.state?.shown) draw(bus.state) }
  const dress = () => root.classList.toggle("dark", model.dark)
  bus.addEventListener("state", show)
  model.on("dark", dress)
  model.on("remove", () => bus.removeEventListener("state", show))
  dress()
  show()
  return root
}

export function render(all) {
  return all.model.kind ? render_piece(all) : render_bar(all)
}

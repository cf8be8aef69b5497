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

function spoken(value) {
  return value === null ? "" : String(Number(value.toPrecision(5)))
}

function finding_words(finding, {checks, view, labels}) {
  const title = checks[finding.check] ?? finding.check
  const name = (labels[finding.key] ?? finding.key).replace(/ \[.*/, "")
  const unit = /\[(.*)\]/.exec(labels[finding.key] ?? "")?.[1] ?? ""
  const depth = finding.sample >= 0 ? view.depth[finding.sample] : NaN
  const place = Number.isFinite(depth) ? `${spoken(depth)} m` : finding.sample >= 0 ? `sample ${finding.sample + 1}` : "whole station"
  const value = finding.value === null ? "" : `${spoken(finding.value)}${unit && ` ${unit}`}`
  const limit = finding.threshold === null ? "" : `limit ${spoken(finding.threshold)}`
  return [title, [place, name].filter(Boolean).join(" · "), finding.detail || [value, limit].filter(Boolean).join(" · ")]
}

function findings(root) {
  return (state) => {
    const {view, shown, picked} = state
    const found = view ? [...view.findings] : []
    const own = (f) => (f.key === shown.target ? 0 : 1)
    found.sort((a, b) => own(a) - own(b) || a.sample - b.sample)
    const chosen = new Set(picked)
    const rows = found.map((finding) => {
      const [title, place, words] = finding_words(finding, state)
      const press = () => state.pick(finding.sample >= 0 ? [finding.sample] : [])
      const [colour] = state.looks[finding.flag] ?? ["currentColor"]
      return make("button", {type: "button", class: "finding", "aria-pressed": chosen.has(finding.sample), onclick: press},
        make("b", {}, make("i", {style: `background:${colour}`}), title), make("span", {}, place), make("span", {}, words))
    })
    const text = found.length ? several(found.length, "finding") : view?.checked ? "No findings in this station" : "No checks have run yet"
    root.replaceChildren(make("h4", {}, text), make("div", {class: "list"}, ...rows))
  }
}

function caption(root) {
  return ({view}) => {
    if (!view) return root.replaceChildren()
    const {found, drawn, counted, words, bands} = view.near
    if (!found) return root.replaceChildren(`No neighbours ${words} in this collection.`)
    const lines = drawn < found ? `${drawn} nearest of ${several(found, "neighbour")}` : several(found, "neighbour")
    const band = bands.a?.y.length ? ` · band: 5 to 95 % of ${several(bands.a.count, "good value")}${counted < found ? ` of the ${counted} nearest` : ""}` : ""
    root.replaceChildren(`Grey: ${lines} ${words}${band}`)
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

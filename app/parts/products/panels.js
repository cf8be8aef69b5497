// What was taken out of the product: panels of a place, a line or an area, with one cursor.

const DEPTHS = [50, 100, 200, 500, 1000, 2000]

export function render({model}) {
  const send = (said) => model.send_msg(said)
  const press = (group, title, say) => make("button", {type: "button", "data-of": group, onclick: say}, title)
  const subjects = make("div", {class: "chips", role: "group", "aria-label": "What is looked at"})
  const views = make("div", {class: "chips", role: "group", "aria-label": "What is shown of it"})
  const close = make("button", {type: "button", class: "plain close", title: "Close", "aria-label": "Close the panels", onclick: () => send({do: "close"})}, "✕")
  const title = make("b", {class: "title"})
  const under = make("span", {class: "quiet under"})
  const around = make("input", {type: "number", min: "0", max: "2000", step: "5", "aria-label": "Kilometres around for observations", onchange: () => around.value !== "" && send({do: "around", to: Number(around.value)})})
  const near = make("label", {class: "near", title: "Observations within this distance are shown"}, "within ", around, " km")
  const deep = make("select", {"aria-label": "Axis of depth", title: "How deep the panels reach; stretched: more room for the upper water", onchange: () => { depths(); views_.forEach((v) => v.draw?.()) }})
  const partner = make("select", {"aria-label": "Partner of the T-S diagram", onchange: () => send({do: "partner", to: partner.value})})
  const mateName = make("span"), mate = make("label", {class: "near"}, mateName, " ", partner)
  const said = make("p", {role: "status"})
  const all = make("p", {class: "all", role: "status"})
  const grid = make("div", {class: "grid"})
  const node = frame(model, make("div", {class: "line top"}, subjects, views, make("span", {class: "grow"}), close), make("div", {class: "line second"}, title, under, make("span", {class: "grow"}), mate, near, deep), said, all, grid)
  node.classList.remove("tall")
  node.classList.add("panels")

  const shared = {dark: model.dark, deepest: 0, stretched: false, around: 50, here: {}, across: [], unit: "", exports: false}
  const made = new Map()
  let views_ = []

  // ---- one cursor ---------------------------------------------------------------------
  let waiting = null
  function tell(view, detail) {
    if (!waiting) requestAnimationFrame(() => { waiting(); waiting = null })
    waiting = () => {
      const from = `panels:${view.key}`
      for (const other of views_) {
        if (other !== view) other.own = null
        other.mark?.(detail)
      }
      document.dispatchEvent(new CustomEvent("sdcviz:cursor", {detail: {from, ...(detail ?? {})}}))
    }
  }
  function heard(event) {
    const {from, ...detail} = event.detail ?? {}
    if (String(from).startsWith("panels:")) return
    if (from === "sliders") {
      // What plays or slides is not at the server yet: the marks of here and now go with it.
      shared.here = {step: detail.time ?? shared.here.step, level: detail.depth ?? shared.here.level}
      for (const view of views_) view.mark?.(view.last ?? null)
      return
    }
    const known = Object.keys(detail).length > 0
    for (const view of views_) {
      view.own = null
      view.mark?.(known ? detail : null)
    }
  }
  document.addEventListener("sdcviz:cursor", heard)
  model.on("remove", () => document.removeEventListener("sdcviz:cursor", heard))

  // ---- what is shown ------------------------------------------------------------------
  function chips(group, options, chosen, name) {
    group.hidden = options.length < 2
    if (group.made !== JSON.stringify(options)) {
      group.replaceChildren(...options.map(([value, text]) => press(value, text, () => send({do: name, to: value}))))
      group.made = JSON.stringify(options)
    }
    for (const button of group.children) button.setAttribute("aria-pressed", String(button.dataset.of === chosen))
  }

  function depths() {
    shared.stretched = deep.value === "all"
    shared.deepest = Number(deep.value) || 0
  }

  function show() {
    const s = model.state
    if (!s.subject) return
    const panels = s.panels ?? []
    Object.assign(shared, {dark: model.dark, around: s.around, here: s.here ?? {}, across: s.across ?? [], unit: s.unit, exports: s.exports})
    chips(subjects, s.subjects, s.subject, "subject")
    chips(views, s.views, s.view, "view")
    title.textContent = s.title
    under.textContent = s.under
    under.title = [s.under_title, s.under].filter(Boolean).join("\n")
    under.hidden = s.view === "water"
    if (around !== around.getRootNode().activeElement) around.value = String(s.around)
    near.hidden = s.subject === "area" || s.view === "made"
    const deepest = Math.max(0, ...panels.map((p) => p.y?.is === "depth" ? p.y.high : 0))
    const whole = `${number(Math.round(deepest))} m`, less = DEPTHS.filter((d) => d < deepest).toReversed()
    const options = [...(deepest > 300 ? [["all", `${whole}, stretched`]] : []), ["0", `${whole}, even`], ...less.map((d) => [String(d), `to ${number(d)} m`])]
    offer(deep, options, options.some(([v]) => v === deep.value) ? deep.value : options[0][0])
    depths()
    deep.hidden = deepest <= DEPTHS[0] || s.view !== "look"
    said.textContent = s.error || ""
    said.classList.toggle("wrong", Boolean(s.error))
    said.hidden = !s.error
    const partners = panels.find((p) => p.partners)
    mate.hidden = !partners
    mateName.textContent = partners?.wanted ?? ""
    if (partners) offer(partner, [["", partners.partners.length ? "choose, or the likeliest" : "no other product"], ...partners.partners], partners.partner)
    grid.dataset.n = String(panels.length)
    grid.dataset.of = `${s.subject}-${s.view}`
    const known = panels.map((panel) => {
      const table = panel.key.endsWith("-made")
      if (!made.has(panel.key)) made.set(panel.key, table ? new MadeView(send) : new PanelView(send, tell))
      return [made.get(panel.key), panel]
    })
    views_ = known.map(([view]) => view)
    // What is the same for all panels is said once.
    const same = panels.length > 1 && panels.every((p) => p.sentence && p.sentence === panels[0].sentence) ? panels[0].sentence : ""
    all.textContent = same
    all.hidden = !same
    grid.hidden = Boolean(same)
    if (grid.childElementCount !== views_.length || views_.some((v, k) => grid.children[k] !== v.root)) grid.replaceChildren(...views_.map((v) => v.root))
    // State is a plain copy: what was unpacked stays with the panel of its version.
    for (const [view, panel] of known) view.set(structuredClone(panel), shared)
    node.dataset.version = String(s.version ?? 0)
  }

  function dress() {
    shared.dark = model.dark
    for (const view of views_) view.draw?.()
  }
  const busy = () => node.classList.toggle("busy", Boolean(model.form.busy))
  model.on("form", busy)
  model.on("state", show)
  model.on("dark", dress)
  show()
  return node
}

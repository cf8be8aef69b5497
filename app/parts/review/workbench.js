// The workbench: head, tabs, and what each tab shows. What is picked filters all of them.

// Tabs that show what is picked; the others are of all samples.
const FILTERED = new Set(["overview", "residuals", "skill", "cruises", "worst"])

export function render({model}) {
  const send = (said) => model.send_msg(said)
  let tab = model.state.tab || "overview", jump, built = null, brush_before = "", found_before = 0, opened = 0
  const given = () => ({doc: model.doc, picked: model.picked, ground: model.ground, said: model.said, tables: model.state.tables ?? {}, brush: model.picked.brush ?? {}, dark: model.dark})
  const pick = (brush, view) => send({do: "pick", brush, view: view ?? around(brush)})
  // One area is looked at with what lies around it.
  const around = (brush) => {
    const box = brush.area?.length === 1 && model.doc.skill?.areas?.[brush.area[0]]?.box
    if (!box) return null
    const [w, s, e, n] = box, room = 0.7
    return [w - room * (e - w), s - room * (n - s), e + room * (e - w), n + room * (n - s)]
  }
  const start = start_screen(send)
  const title = make("b", {class: "what"}), about = make("span", {class: "quiet grow about"})
  const sealed = make("span", {class: "seal"})
  const note = comment_box(send, () => tab)
  const back = make("button", {type: "button", class: "plain", title: "Back to the map of the product", onclick: () => send({do: "back"})}, "‹ Map")
  const others = make("button", {type: "button", class: "plain", onclick: () => send({do: "open", id: ""})}, "All reviews")
  const talk = make("button", {type: "button", onclick: () => note.toggle()}, "Comment on this view")
  const top = make("div", {class: "line top"}, back, title, about, sealed, talk, others)
  const picks = make("span", {class: "picks", role: "status"})
  const tabs = make("div", {class: "tabs", role: "tablist", "aria-label": "Blocks of the review"}, ...Object.entries(TITLES).map(([key, words]) => make("button", {type: "button", role: "tab", "data-key": key, onclick: () => open(key)}, make("i", {class: "mark"}), words)))
  tabs.addEventListener("keydown", (event) => {
    const by = {ArrowLeft: -1, ArrowRight: 1}[event.key]
    if (!by) return
    const keys = Object.keys(TITLES)
    open(keys[(keys.indexOf(tab) + by + keys.length) % keys.length])
    tabs.querySelector(`[data-key=${tab}]`).focus()
  })
  const stage = make("div", {class: "stage"})
  const told = make("p", {class: "wrong told", role: "alert", hidden: true})
  const work = make("div", {class: "work"}, told, make("div", {class: "line bar"}, tabs), make("div", {class: "line picked", hidden: true}, picks), stage, note)
  const picked_line = work.querySelector(".picked")

  // Each tab is made when it is first looked at.
  const makers = {
    overview: () => {
      const parts = [findings(send, (block) => open(TAB_OF[block] ?? block)), histogram(), heatmap(send, pick), residual_map(pick, (view) => pick(model.picked.brush ?? {}, view))]
      const [first, hist, heat, where] = parts
      const node = make("div", {class: "overview"}, make("div", {class: "left"}, first, hist), make("div", {class: "right"}, heat, where))
      node.put = (g) => { first.put(g); hist.put(g); heat.put(g); where.put(g, jump); jump = undefined }
      return node
    },
    residuals: () => { const h = histogram(), c = curves(); const node = make("div", {class: "spreads"}, h, c); node.put = (g) => { h.put(g); c.put(g) }; return node },
    skill: () => skill_block(pick),
    cruises: () => groups_block(pick),
    diagrams: () => diagrams(),
    compare: () => compare_blocks(send),
    physical: () => physical_block(send),
    coverage: () => coverage_block(),
    worst: () => worst_block(send),
    opinion: () => opinion_block(send),
  }
  let made = {}

  function page_of(key) {
    if (!made[key]) {
      const body = makers[key]()
      const lines = (BLOCKS_OF[key] ?? []).map((block) => verdict_line(send, block, (model.doc.blocks ?? []).find((b) => b.key === block)?.title ?? TITLES[key]))
      made[key] = {body, lines, node: make("div", {class: "page", role: "tabpanel", "aria-label": TITLES[key]}, ...(lines.length === 1 ? [make("p", {class: "sum"}, (model.doc.blocks ?? []).filter((b) => BLOCKS_OF[key].includes(b.key)).map((b) => b.summary).filter(Boolean).join(" "))] : []), body, ...lines)}
    }
    return made[key]
  }

  function open(key) {
    if (!(key in TITLES)) return
    tab = key
    send({do: "tab", tab})
    paint()
    made[key]?.body.arrive?.()
  }

  function paint() {
    const there = Boolean(model.state.opened) && Boolean(model.doc.schema)
    start.hidden = there
    work.hidden = !there
    others.hidden = !model.state.review
    talk.hidden = sealed.hidden = !there
    if (!there) {
      note.hidden = true
      title.textContent = "Reviews"
      about.textContent = ""
      start.put(model.state)
      return
    }
    const doc = model.doc
    if (built !== doc.made + doc.variable + model.state.review) { if (built) tab = "overview"; built = doc.made + doc.variable + model.state.review; made = {}; jump = null }
    title.textContent = `Review of ${doc.label ?? doc.variable}`
    const from = `${doc.collection?.name ?? ""}${doc.independent ? ", independent ones only" : ""}`
    about.textContent = `${doc.product?.title || doc.product?.name || ""} · ${from} · ${counted(doc.samples ?? 0, "sample")} · ${when(doc.made)}`
    about.title = about.textContent
    const [kind, words] = signature_words({said: model.said})
    sealed.textContent = kind === "open" ? "" : words
    sealed.className = `seal ${kind}`
    told.textContent = model.state.told || model.picked.error || (tab === "opinion" ? "" : model.said.said) || ""
    told.hidden = !told.textContent
    const worst = Object.fromEntries((doc.blocks ?? []).map((b) => [TAB_OF[b.key] ?? b.key, b.severity]))
    for (const button of tabs.children) {
      const key = button.dataset.key
      button.setAttribute("aria-selected", String(key === tab))
      button.tabIndex = key === tab ? 0 : -1
      button.firstChild.className = `mark ${worst[key] ?? ""}`
    }
    const brush = model.picked.brush ?? {}
    const chosen = brush_words(doc, brush)
    picked_line.hidden = !chosen.length || !FILTERED.has(tab)
    picks.replaceChildren(make("span", {class: "quiet"}, `${of(model.picked.n ?? 0, model.picked.of ?? 0)} samples:`), ...chosen.map(([name, text]) => make("button", {type: "button", class: "chip", title: "Leave this out", onclick: () => { const rest = {...brush}; delete rest[name]; pick(rest, null) }}, text, " ✕")), make("button", {type: "button", class: "plain", onclick: () => { jump = null; pick({}, null) }}, "Show all"), make("span", {class: "quiet scores", title: "95 % intervals by drawing whole cruises"}, score_words(model.picked.scores, doc.unit)))
    const page = page_of(tab)
    if (stage.firstChild !== page.node) stage.replaceChildren(page.node)
    page.body.put(given())
    for (const line of page.lines) line.put(model.said.verdicts)
  }

  function arrived() {
    // What a finding picked brings its part of the map with it.
    const key = JSON.stringify(model.picked.brush ?? {})
    const found = model.picked.found ?? 0
    if ((key !== brush_before || found !== found_before) && model.picked.view) jump = model.picked.whole ? null : model.picked.view
    brush_before = key
    found_before = found
    paint()
  }

  model.on("picked", arrived)
  model.on("said", () => {
    // A comment that was opened brings its tab.
    if (model.said.opened && model.said.opened !== opened) tab = model.said.block in TITLES ? model.said.block : tab
    opened = model.said.opened ?? 0
    paint()
  })
  for (const name of ["state", "doc", "ground", "dark"]) model.on(name, paint)
  model.on("remove", () => { made = {} })
  const node = frame(model, top, start, work)
  paint()
  return node
}

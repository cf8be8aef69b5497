// The panel beside the map: what a run takes, what to look at before, its start and its card.

export function render({model}) {
  const send = (said) => model.send_msg(said)
  const rows = make("table", {class: "rows"})
  const weighing = make("span", {class: "quiet"})
  const months = make("div", {class: "months", role: "img", "aria-label": "Observations by time"})
  const ends = make("div", {class: "ends"})
  const quality = make("button", {class: "plain", type: "button", title: "The stations of these observations, the farthest off first", onclick: () => send({do: "outliers"})}, "Look at them in Quality")
  const checks = make("ul", {"aria-label": "Before you start"})
  const engine = make("select", {"aria-label": "Where it runs", onchange: () => send({engine: engine.value})})
  const start = make("button", {class: "main", type: "button", onclick: () => { start.disabled = true; send({do: "start"}) }}, "Start")
  const jupyter = notebook_link("Open in Jupyter", "A notebook with this recipe and its collection", () => send({do: "notebook", id: ""}))
  const said = make("p", {class: "wrong", role: "alert", hidden: true})
  const before = make("div", {class: "before"}, make("h3", {}, "What a run takes", weighing), rows, months, ends, checks)
  const card = job_card(send)
  const wait = make("p", {}, "Looking for the job …")
  const back = make("button", {class: "plain", type: "button", onclick: () => send({do: "preview"})}, "Back to the preview")
  const product = make("div", {class: "product", hidden: true}, make("span"), back)
  const run = make("div", {class: "run"}, make("h3", {}, "This run"), wait, card)

  function show() {
    const s = model.state
    if (!s.engines) return
    before.classList.toggle("weighing", Boolean(s.weighing))
    weighing.textContent = s.weighing ? "estimating …" : ""
    rows.replaceChildren(...(s.rows ?? []).map(([name, value]) => make("tr", {}, make("td", {}, name), make("td", {}, value))))
    const bars = s.bars ?? []
    months.hidden = ends.hidden = bars.length < 2
    const most = Math.max(1, ...bars.map(([, n]) => n))
    months.replaceChildren(...bars.slice(0, 160).map(([label, n]) => {
      const bar = make("i", {title: `${label}: ${counted(n, "observation")}`, class: n ? null : "none"})
      bar.style.height = `${Math.round(100 * n / most)}%`
      return bar
    }))
    if (bars.length > 1) ends.replaceChildren(make("span", {}, bars[0][0]), make("span", {}, "observations by time"), make("span", {}, bars[Math.min(bars.length, 160) - 1][0]))
    const bad = s.right ? s.problem : `${counted(s.wrong || 1, "entry").replace("entrys", "entries")} of the form can't be used.`
    const sentences = [
      ...(bad ? [make("li", {class: "bad"}, bad)] : []),
      ...(s.outliers ? [make("li", {}, s.outliers, " ", quality)] : []),
      ...(s.checks ?? []).map((text) => make("li", {}, text)),
    ]
    if (!sentences.length && (s.rows ?? []).length) sentences.push(make("li", {class: "fine"}, "Every time has observations, and it fits into memory."))
    checks.replaceChildren(...sentences)
    offer(engine, s.engines.map((name) => [name, PLACES[name] ?? name]), s.engine)
    engine.hidden = s.engines.length < 2
    start.disabled = !s.right || Boolean(s.problem) || s.starting || Boolean(s.weighing) || !(s.rows ?? []).length
    start.textContent = s.starting ? "Starting …" : s.job && !s.job.over ? "Start another" : "Start"
    start.title = start.disabled ? bad || (s.weighing ? "As soon as it is known what it takes" : "") : "Run the analysis in the background; you can close the page"
    said.textContent = s.said ?? ""
    said.hidden = !s.said
    lead(jupyter, s.notebook)
    jupyter.hidden = !s.right
    run.hidden = !s.job && !s.waiting
    wait.hidden = Boolean(s.job)
    card.hidden = !s.job
    if (s.job) card.put(s.job, {log_text: s.log, log_open: s.reads === s.job.id, link: s.link, notebook: s.notebook})
    product.hidden = !s.product
    product.firstChild.textContent = `The map shows the product “${s.product}”.`
  }

  model.on("state", show)
  show()
  return frame(model, before, make("div", {class: "start"}, start, engine, jupyter), said, product, run)
}

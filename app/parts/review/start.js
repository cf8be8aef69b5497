// A new review, how far it is, and the earlier ones.

function start_screen(send) {
  const choose = (name) => make("select", {id: `choose-${name}`, onchange: (event) => send({do: "choose", [name]: event.target.value})})
  const variable = choose("variable"), parameter = choose("parameter"), reference = choose("reference"), previous = choose("previous")
  const tick = (name, words) => { const box = make("input", {type: "checkbox", onchange: () => send({do: "choose", [name]: box.checked})}); return [box, make("label", {class: "tick"}, box, words)] }
  const filter_words = make("span", {}, "With the filters of the Explore tab")
  const [filtered, filtered_line] = tick("filtered", filter_words)
  const lone_words = make("span")
  const [independent, independent_line] = tick("independent", lone_words)
  const amount = make("span", {class: "quiet"}), collection = make("b")
  const go = make("button", {type: "button", class: "main big", onclick: () => { go.disabled = true; send({do: "review"}) }}, "Review")
  const said = make("p", {class: "wrong", role: "alert"})
  const field = (title, control, more) => make("div", {class: "field"}, make("label", {for: control.id}, title), control, more ?? null)
  const intro = make("div", {class: "intro"}, make("h3", {}), make("p", {}, "Choose observations and press Review. The product is compared with each of them; the result names first what a reviewer should look at."))
  const form = make("div", {class: "form"},
    make("div", {class: "field"}, make("span", {class: "label"}, "Observations"), make("div", {}, make("div", {class: "line"}, collection, amount), filtered_line, independent_line)),
    field("Field of the product", variable), field("Compared with", parameter), field("Reference climatology", reference), field("Previous version", previous),
    make("div", {class: "line"}, go, said))
  const card = job_card(send)
  const wait = make("p", {}, "Looking for the review …"), told = make("p", {class: "wrong", role: "alert"})
  const running = make("div", {class: "running"}, make("h3", {}, "The review is being made"), wait, card, told, make("p", {}, "You can close the page: the review goes on, and is here when you come back."))
  const earlier = sorted_table({
    label: "Earlier reviews of this product", name: "reviews", sort: ["made", "down"], empty: "None yet.",
    open: (row) => send({do: "open", id: row.id}), pick: (row) => send({do: "open", id: row.id}),
    columns: [
      {key: "made", title: "Date", show: (row) => when(row.made)},
      {key: "collection", title: "Observations", class: "who", show: (row) => `${row.collection}${row.independent ? ", independent" : ""}`},
      {key: "samples", title: "Samples", kind: "n", show: (row) => number(row.samples)},
      {key: "author", title: "Author", class: "who", show: (row) => row.author || "–"},
      {key: "verdict", title: "Verdict", show: (row) => row.verdict ? (VERDICTS.find(([k]) => k === row.verdict)?.[1] ?? row.verdict) : "–"},
      {key: "signed", title: "Signed", show: (row) => row.signed ? "Signed" : "Not signed"},
    ],
  })
  const node = make("div", {class: "starts"}, make("div", {class: "new"}, intro, form), running, make("section", {class: "card earlier"}, earlier))
  let listed = null
  node.put = (s) => {
    const f = s.start ?? {}
    const runs = Boolean(s.review)
    running.hidden = !runs
    form.hidden = intro.hidden = runs
    intro.firstChild.textContent = s.product ? `Review ${s.product}` : "Review a product"
    collection.textContent = f.collection || "No collection is open"
    amount.textContent = f.collection ? f.stations ?? "counting …" : ""
    filtered_line.hidden = !f.filters
    filtered.checked = Boolean(f.filtered)
    independent.checked = Boolean(f.independent)
    independent.disabled = !f.lists
    lone_words.textContent = f.lists ? "Independent ones only: leave out what the product was made of" : "Independent or not is not known: the product does not list its observations"
    offer(variable, f.variables ?? [], f.variable)
    offer(parameter, f.parameters ?? [], f.parameter)
    offer(reference, f.references ?? [], f.reference)
    offer(previous, f.versions ?? [], f.previous)
    go.disabled = f.busy || !f.variables?.length || !f.some || !s.there
    go.textContent = f.busy ? "Starting …" : "Review"
    said.textContent = f.said || (s.there ? (f.some === false ? "No station passes the filters." : "") : "Open a product first.")
    wait.hidden = Boolean(s.job) || Boolean(s.told)
    told.textContent = runs ? s.told ?? "" : ""
    card.hidden = !s.job
    if (s.job) card.put(s.job, {log_text: s.log, log_open: s.reads === s.job.id})
    running.querySelector("h3").textContent = s.job?.over ? `The review was not made: ${s.job.words.toLowerCase()}` : "The review is being made"
    const key = JSON.stringify(s.reviews ?? [])
    if (key !== listed) { listed = key; earlier.put(s.reviews ?? []) }
  }
  return node
}

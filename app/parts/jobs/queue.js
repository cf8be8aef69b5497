// The list of jobs: one card each, made once and then kept up to date; and what they took.

export function render({model}) {
  const send = (said) => model.send_msg(said)
  const titles = [["jobs", "Jobs"], ["use", "Use by month"]]
  const tabs = make("div", {class: "chips", role: "tablist"}, ...titles.map(([key, title]) => make("button", {
    type: "button", role: "tab", "data-tab": key, onclick: () => turn(key)}, title)))
  const said = make("p", {class: "wrong", role: "alert", hidden: true})
  const empty = make("p", {}, "No job yet. What takes longer runs in the background and is listed here: it goes on when you close the page.")
  const list = make("div", {role: "list", "aria-label": "Jobs"})
  const more = make("p")
  const jobs = make("div", {role: "tabpanel"}, empty, list, more)
  const cards = new Map()
  const [use, put_use] = use_pane(send)
  let tab = "jobs"

  function turn(key) {
    tab = key
    if (key === "use") send({do: "use", month: ""})
    show()
  }

  function show() {
    for (const button of tabs.children) {
      button.setAttribute("aria-selected", String(button.dataset.tab === tab))
      button.setAttribute("aria-pressed", String(button.dataset.tab === tab))
    }
    jobs.hidden = tab !== "jobs"
    use.hidden = tab !== "use"
    const s = model.state
    if (!s.jobs) return
    said.textContent = s.said ?? ""
    said.hidden = !s.said
    empty.hidden = s.jobs.length > 0
    for (const job of s.jobs) {
      if (!cards.has(job.id)) cards.set(job.id, job_card(send))
      cards.get(job.id).put(job, {log_text: s.log, log_open: s.reads === job.id, link: s.links?.[job.id] ?? "", notebook: s.notebook})
    }
    const wanted = s.jobs.map((job) => cards.get(job.id))
    // Only what has changed its place is moved: a button under the pointer stays.
    wanted.forEach((card, k) => { if (list.children[k] !== card) list.insertBefore(card, list.children[k] ?? null) })
    while (list.children.length > wanted.length) list.lastChild.remove()
    more.textContent = s.more ? `and ${number(s.more)} older ones: sdcviz job list` : ""
    more.hidden = !s.more
  }

  model.on("state", show)
  model.on("form", () => put_use(model.form))
  show()
  put_use(model.form)
  return frame(model, tabs, said, jobs, use)
}

// What all jobs of a month took; asked for when it is opened, and for each month once.
function use_pane(send) {
  const month = make("select", {"aria-label": "Month", onchange: () => send({do: "use", month: month.value})})
  const file = make("a", {class: "file"}, "Download CSV")
  const rows = make("table", {class: "use"})
  const shares = make("table", {class: "use"})
  const note = make("p")
  const pane = make("div", {role: "tabpanel", "aria-label": "Use by month"}, make("div", {class: "line head"}, month, make("span", {class: "grow"}), file), rows, shares, note)
  let address = ""

  function put(use) {
    const known = Boolean(use.months)
    month.hidden = !known
    file.hidden = !use.csv
    rows.hidden = shares.hidden = !known
    note.textContent = use.error || (!known ? "Adding up …" : use.rows.length ? "" : "No job took anything in this month.")
    note.hidden = !note.textContent
    note.classList.toggle("wrong", Boolean(use.error))
    if (!known) return
    offer(month, use.months.map((m) => [m, named(m)]), use.month)
    rows.replaceChildren(...use.rows.map(([name, value]) => make("tr", {}, make("td", {}, name), make("td", {}, value))))
    shares.replaceChildren(...use.shares.flatMap(([kind, name, count, cpu], k) => [
      ...(k === 0 || use.shares[k - 1][0] !== kind ? [make("tr", {}, make("th", {}, kind), make("th", {class: "n"}, "Jobs"), make("th", {class: "n"}, "Processor"))] : []),
      make("tr", {}, make("td", {}, name), make("td", {class: "n"}, count), make("td", {class: "n"}, cpu)),
    ]))
    URL.revokeObjectURL(address)
    address = URL.createObjectURL(new Blob([use.csv], {type: "text/csv"}))
    file.href = address
    file.download = `sdcviz-jobs-${use.month}.csv`
  }

  function named(month) {
    const [year, number] = month.split("-").map(Number)
    return new Date(year, number - 1, 1).toLocaleDateString("en", {month: "long", year: "numeric"})
  }

  return [pane, put]
}

// The tool "Second reader": begin, go on or end a reading, and compare it with the common flags.

export function render({model}) {
  const send = (said) => model.send_msg(said)
  let chosen = new Set()
  let listed = ""

  // ---- reading ----
  const name = make("input", {"aria-label": "Name of the reading", placeholder: "Name of the reading", maxlength: 60})
  const start = make("button", {class: "main", onclick: () => send({do: "start", name: name.value})}, "Start reading")
  const go_on = make("div", {class: "line", style: "margin-top:8px"})
  const before = make(
    "div", {class: "card"},
    make("p", {}, "Go through the same queue without the first reader's flags: you see flags as they were imported, what checks set, and your own."),
    make("div", {class: "line"}, name, start), go_on,
  )
  const now = make("b")
  const mine = make("span", {class: "quiet"})
  const during = make(
    "div", {class: "card"},
    make("div", {class: "line"}, make("span", {}, "You read as ", now), mine, make("span", {class: "grow"}),
      make("button", {class: "main", onclick: () => send({do: "stop"})}, "Back to the common flags")),
    make("p", {style: "margin:8px 0 0"}, "The comparison is shown when you are back, so that it can't sway you."),
  )

  // ---- comparing ----
  const which = make("select", {"aria-label": "Reading", onchange: () => { chosen.clear(); send({do: "compare", name: which.value}) }})
  const again = make("button", {onclick: () => send({do: "compare", name: which.value})}, "Compare again")
  const nothing = make("p")
  const sums = make("div", {class: "sums"})
  const tables = make("div", {class: "tables"})
  const body = make("tbody")
  const all = make("input", {type: "checkbox", "aria-label": "All of this page", onchange: () => {
    for (const box of body.querySelectorAll("input")) { box.checked = all.checked; mark(box) }
    show_buttons()
  }})
  const list = make("div", {class: "list"}, make("table", {},
    make("thead", {}, make("tr", {}, make("th", {}, all),
      ...["Station", "Date", "Parameter", "Depth [m]", "Value", "First reader", "Second reader"].map((t, i) =>
        make("th", {class: i === 3 || i === 4 ? "n" : null}, t)))), body))
  const back = make("button", {"aria-label": "Page before", onclick: () => send({do: "page", page: model.state.page - 1})}, "‹")
  const next = make("button", {"aria-label": "Next page", onclick: () => send({do: "page", page: model.state.page + 1})}, "›")
  const page = make("span", {class: "quiet"})
  const said = make("span", {role: "status"})
  const some = make("button", {class: "also", onclick: () => { send({do: "take", indices: [...chosen]}); chosen.clear() }})
  const every = make("button", {class: "main", onclick: () => { send({do: "take"}); chosen.clear() }})
  const foot = make("div", {class: "foot"}, back, page, next, make("span", {class: "grow"}), said, some, every)
  const compare = make("div", {class: "compare"},
    make("div", {class: "line"}, make("span", {}, "Common flags against the reading"), which, again),
    nothing, sums, tables, list, foot)

  function mark(box) {
    box.checked ? chosen.add(Number(box.value)) : chosen.delete(Number(box.value))
  }

  function show_buttons() {
    const n = model.state.found?.differing ?? 0
    some.textContent = `Take over ${counted(chosen.size, "flag")}`
    some.disabled = !chosen.size || model.state.busy
    every.textContent = `Take over all ${number(n)}`
    every.disabled = !n || model.state.busy
  }

  function flag([title, colour]) {
    return make("span", {}, dot(colour), title)
  }

  function matrix(found) {
    const most = Math.max(1, ...found.counts.flatMap((row, i) => row.filter((_, j) => i !== j)))
    const head = found.flags.map(([code, title, colour]) => make("th", {title}, dot(colour), code))
    const rows = found.counts.map((row, i) => make("tr", {},
      make("th", {}, dot(found.flags[i][2]), found.flags[i][1]),
      ...row.map((n, j) => {
        const cell = make("td", {class: !n ? "zero" : i === j ? "same" : "split"}, number(n))
        cell.style.setProperty("--part", n / most)
        return cell
      })))
    return make("table", {class: "counts"}, make("tr", {}, make("th", {}, "First ↓  second →"), ...head), ...rows)
  }

  function show_found(found) {
    sums.replaceChildren(
      ...[[found.stations, `looked at by both, ${found.samples}`], [found.share, "have the same flag"],
          ...found.kappas.map(([title, value, words]) => [value, `${title} ${words}`]),
          [number(found.rejecting), "that one keeps and the other rejects"]]
        .map(([big, small]) => make("div", {}, make("b", {}, big), make("span", {}, small))),
    )
    tables.replaceChildren(
      matrix(found),
      make("table", {}, make("tr", {}, make("th", {}, "Parameter"), ...["Flags", "Same", "Kappa", "Differ"].map((t) => make("th", {class: "n"}, t))),
        ...found.parameters.map(([label, ...rest]) => make("tr", {}, make("td", {}, label), ...rest.map((t) => make("td", {class: "n"}, t))))),
    )
  }

  function show_list(s) {
    const key = JSON.stringify(s.list)
    if (key === listed) return
    listed = key
    all.checked = false
    body.replaceChildren(...s.list.map(([station, date, parameter, depth, value, first, second, index]) => {
      const box = make("input", {type: "checkbox", value: index, "aria-label": "Choose", onclick: (e) => e.stopPropagation(),
        onchange: () => { mark(box); show_buttons() }})
      box.checked = chosen.has(index)
      return make("tr", {onclick: () => send({do: "look", index}), title: "Show in the plots"},
        make("td", {onclick: (e) => e.stopPropagation()}, box),
        make("td", {}, station), make("td", {}, date), make("td", {}, parameter), make("td", {class: "n"}, depth),
        make("td", {class: "n"}, value), make("td", {}, flag(first)), make("td", {}, flag(second)))
    }))
  }

  function show() {
    const s = model.state
    if (!s.readings) return
    before.hidden = Boolean(s.reading)
    node.classList.toggle("tall", !s.reading && s.readings.length > 0)
    during.hidden = !s.reading
    compare.hidden = Boolean(s.reading) || !s.readings.length
    now.textContent = s.reading
    mine.textContent = `· ${s.mine} looked at`
    if (!name.value && name !== name.getRootNode().activeElement) name.value = s.user
    go_on.replaceChildren(
      ...(s.readings.length ? [make("span", {class: "quiet"}, "or go on with")] : []),
      ...s.readings.slice(0, 6).map(([n, title]) => make("button", {onclick: () => send({do: "start", name: n})}, title)),
    )
    offer(which, s.readings, s.name)
    compare.classList.toggle("busy", s.busy)
    const found = s.found
    if (!found && s.busy) return show_buttons()
    const some_stations = found && found.flags.length
    for (const node of [sums, tables, list, foot]) node.hidden = !some_stations
    list.hidden = !some_stations || !found.differing
    nothing.hidden = Boolean(some_stations) && !s.wrong
    nothing.textContent = s.wrong ? s.said : "No station was looked at by both readers yet."
    said.textContent = s.wrong ? "" : s.said
    if (some_stations) {
      show_found(found)
      show_list(s)
    }
    page.textContent = 
      !found?.differing ? "They agree on all flags." : counted(found.differing, "disagreement") + (s.pages > 1 ? `, page ${s.page + 1} of ${s.pages}` : "")
    back.hidden = next.hidden = s.pages < 2
    back.disabled = s.page <= 0
    next.disabled = s.page + 1 >= s.pages
    show_buttons()
  }

  const node = frame(model, before, during, compare)
  model.on("state", show)
  show()
  return node
}

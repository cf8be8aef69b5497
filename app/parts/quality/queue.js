// The queue: thousands of stations in one scrolling list that holds only the rows in view.
// Python sends what can be chosen (`state`), where the operator is (`at`), and rows when
// they are asked for; each choice goes back as one message.

const HIGH = 46 // px of one row
const SPAN = 60 // rows that are asked for at once
const TYPING = 250 // ms of rest before a search is sent

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value)
    else if (value !== undefined && value !== false && value !== null) {
      node.setAttribute(name, value === true ? "" : value)
    }
  }
  node.append(...children.filter((child) => child !== null && child !== undefined))
  return node
}

function count(n) {
  return String(n).replace(/\B(?=(\d{3})+$)/g, "\u202f")
}

// What checks found at a station, or of one check in all.
function badge([name, title, number, colour, words], attributes) {
  const node = make(
    "button", {type: "button", class: "badge", title: words, "data-check": name, ...attributes},
    make("i"), make("span", {}, title), number > 1 ? make("b", {}, count(number)) : null,
  )
  node.style.setProperty("--dot", colour)
  return node
}

class List {
  constructor(send) {
    this.send = send
    this.space = make("div", {class: "space"})
    this.node = make("div", {class: "list", role: "list", "aria-label": "Queue"}, this.space)
    this.node.addEventListener("scroll", () => this.draw(), {passive: true})
    this.version = -1
    this.rows = new Map()
    this.nodes = new Map()
    this.place = -1
  }

  // Another queue: nothing of the old one holds.
  reset(version, total) {
    if (version === this.version) return
    this.version = version
    this.total = total
    this.rows.clear()
    this.asked = new Set()
    for (const node of this.nodes.values()) node.remove()
    this.nodes.clear()
    this.space.style.height = `${total * HIGH}px`
    this.node.scrollTop = 0
    this.draw()
  }

  // message: {version, first, rows}
  take(message) {
    if (message.version !== this.version) return
    message.rows.forEach((row, i) => {
      const place = message.first + i
      this.rows.set(place, row)
      this.nodes.get(place)?.remove()
      this.nodes.delete(place)
    })
    this.draw()
  }

  draw() {
    const top = this.node.scrollTop, high = this.node.clientHeight || 600
    const first = Math.max(0, Math.floor(top / HIGH) - 4)
    const last = Math.min(this.total ?? 0, Math.ceil((top + high) / HIGH) + 4)
    for (const [place, node] of this.nodes) {
      if (place < first || place >= last) {
        node.remove()
        this.nodes.delete(place)
      }
    }
    for (let place = first; place < last; place++) {
      if (this.nodes.has(place)) continue
      const row = this.rows.get(place)
      if (!row) {
        this.ask(Math.floor(place / SPAN))
        continue
      }
      const node = this.one(place, row)
      // In their order, so that Tab and screen readers go down the list.
      const after = [...this.space.children].find((other) => Number(other.dataset.place) > place)
      this.space.insertBefore(node, after ?? null)
      this.nodes.set(place, node)
    }
  }

  ask(page) {
    if (this.asked.has(page)) return
    this.asked.add(page)
    this.send({want: [page * SPAN, (page + 1) * SPAN], version: this.version})
  }

  one(place, row) {
    const mark = make("button", {
      type: "button", class: "mark", "aria-pressed": String(row.done), tabindex: "-1",
      title: row.done ? "Done; press to look at it again" : "Mark as done",
      onclick: (event) => {
        event.stopPropagation()
        this.send({done: !row.done, place, version: this.version})
      },
    })
    const badges = row.badges.map((one) =>
      badge(one, {
        tabindex: "-1",
        onclick: (event) => {
          event.stopPropagation()
          this.send({open: place, check: one[0], version: this.version})
        },
      }),
    )
    const node = make(
      "div",
      {
        class: "row", role: "listitem", "data-row": row.row, "data-place": place,
        "aria-current": String(place === this.place), title: row.words,
        onclick: () => this.send({open: place, version: this.version}),
      },
      mark,
      make(
        "div", {class: "what"},
        make("div", {class: "name"}, make("b", {}, row.station), make("span", {}, row.cruise), make("time", {}, row.time)),
        make("div", {class: "found"}, row.note ? make("span", {class: "note"}, row.note) : null,
          ...(badges.length || row.note ? badges : [make("em", {}, row.none)]),
          row.more ? make("em", {}, `+${row.more}`) : null),
      ),
    )
    node.classList.toggle("done", row.done)
    node.style.top = `${place * HIGH}px`
    return node
  }

  marked(place, done) {
    const row = this.rows.get(place)
    if (!row) return
    row.done = done
    this.nodes.get(place)?.remove()
    this.nodes.delete(place)
    this.draw()
  }

  show(place) {
    this.nodes.get(this.place)?.setAttribute("aria-current", "false")
    this.place = place
    this.nodes.get(place)?.setAttribute("aria-current", "true")
    if (place < 0) return
    const top = place * HIGH, high = this.node.clientHeight
    if (!high) return
    if (top < this.node.scrollTop + HIGH || top > this.node.scrollTop + high - 2 * HIGH) {
      this.node.scrollTop = Math.max(0, top - high / 3)
    }
  }
}

export function render({model}) {
  const send = (choice) => model.send_msg(choice)
  // The keys of the desk rest while a field has the focus, so it is given back.
  const done = (event) => event.target.blur()
  const list = new List(send)

  const left = make("b"), of = make("span"), fill = make("i")
  const head = make("div", {class: "head"}, make("div", {class: "counts"}, left, of), make("div", {class: "bar"}, fill))
  const run = make("button", {type: "button", class: "run", onclick: () => send({run: true})}, "Run checks")
  const propose = make("button", {type: "button", onclick: () => send({propose: true})}, "Apply …")
  const actions = make("div", {class: "actions"}, run, propose)
  const job_text = make("span"), job_fill = make("i"), job_bar = make("div", {class: "bar"}, job_fill)
  const cancel = make("button", {type: "button", onclick: () => send({cancel: true})}, "Cancel")
  const job = make("div", {class: "job"}, make("div", {}, job_text, cancel), job_bar)
  const said = make("p", {class: "said", role: "status"})
  const why_title = make("summary"), why = make("p"), skipped = make("details", {}, why_title, why)
  const preview = make("div", {class: "preview"})
  const checks = make("div", {class: "checks"})
  const scope = make("button", {type: "button", class: "scope", title: "Show all stations", onclick: () => send({all: true})})
  let timer
  const search = make("input", {
    placeholder: "Cruise, station or LOCAL_CDI_ID", "aria-label": "Search the queue", spellcheck: "false",
    oninput: () => {
      clearTimeout(timer)
      timer = setTimeout(() => send({search: search.value}), TYPING)
    },
    onkeydown: (event) => { if (event.key === "Enter" || event.key === "Escape") done(event) },
  })
  const order = make("select", {"aria-label": "Order", onchange: (event) => { send({order: order.value}); done(event) }})
  const every = make(
    "select", {"aria-label": "Stations", onchange: (event) => { send({every: every.value === "1"}); done(event) }},
    make("option", {value: "0"}, "With findings"), make("option", {value: "1"}, "Every station"),
  )
  const hide = make("input", {type: "checkbox", onchange: (event) => {
    hide.wanted = hide.checked
    send({hide: hide.checked})
    done(event)
  }})
  const tools = make(
    "div", {class: "tools"}, search,
    make("div", {}, every, order, make("label", {title: "Leave out the stations that are done"}, hide, "Hide done")),
  )
  const hint = make("p", {class: "hint"})
  const root = make("form", {onsubmit: (event) => event.preventDefault()},
    head, actions, job, said, skipped, preview, checks, tools, scope, hint, list.node)

  const draw_preview = (plan) => {
    preview.hidden = !plan
    if (!plan) return preview.replaceChildren()
    const flags = plan.flags.map(([title, colour]) => {
      const dot = make("i")
      dot.style.setProperty("--dot", colour)
      return make("th", {title}, dot, title.split(" ")[0])
    })
    const lines = plan.lines.map(([label, ...numbers]) =>
      make("tr", {}, make("td", {}, label), ...numbers.map((n) => make("td", {}, n))))
    const good = make("input", {type: "checkbox", onchange: () => {
      apply.disabled = true // it shows other flags
      send({propose: true, good: good.checked})
    }})
    good.checked = plan.good
    good.disabled = plan.busy
    const apply = make("button", {type: "button", class: "run", onclick: () => send({apply: true})}, plan.button)
    apply.disabled = plan.busy || !plan.lines.length
    preview.replaceChildren(
      make("h4", {}, plan.title),
      lines.length ? make("table", {}, make("tr", {}, make("th", {}), ...flags), ...lines) : "",
      make("label", {}, good, "Give flag 1 to what was not checked before and passed"),
      make("div", {class: "actions"}, apply,
        make("button", {type: "button", onclick: () => send({forget: true})}, "Close")),
    )
  }

  const draw_state = () => {
    const state = model.state
    root.hidden = !state.orders
    if (!state.orders) return
    job.hidden = !state.job
    actions.hidden = Boolean(state.job)
    if (state.job) {
      job_text.textContent = state.job.text
      job_bar.classList.toggle("unknown", state.job.part === null)
      job_fill.style.width = `${100 * (state.job.part ?? 0.3)}%`
      cancel.disabled = state.job.ending
    }
    said.textContent = state.said
    said.hidden = !state.said
    skipped.hidden = !state.skipped.length || Boolean(state.job || state.preview)
    why_title.textContent = state.skipped.length === 1 ? "1 check not run" : `${state.skipped.length} checks not run`
    why.textContent = state.skipped.join(" ")
    said.classList.toggle("wrong", Boolean(state.wrong))
    run.textContent = state.checks.length ? "Run checks again" : "Run checks"
    propose.hidden = !state.proposals
    propose.textContent = `Apply ${state.proposals} …`
    draw_preview(state.preview)
    checks.hidden = !state.checks.length
    checks.replaceChildren(...state.checks.map((one) =>
      badge(one.slice(0, 5), {"aria-pressed": String(one[5]), onclick: () => send({check: one[0]})})))
    scope.hidden = !state.scope
    scope.textContent = `${state.scope}  ✕`
    order.replaceChildren(...state.orders.map(([value, title]) => make("option", {value}, title)))
    order.value = state.order
    every.value = state.every ? "1" : "0"
    every.hidden = !state.checks.length
    // What was chosen stays until the server says the same: what it said before may come late.
    if (hide.wanted === undefined || hide.wanted === state.hide) {
      hide.wanted = undefined
      hide.checked = state.hide
    }
    if (search.getRootNode().activeElement !== search) search.value = state.search
    hint.textContent = state.hint
    hint.hidden = !state.hint
    list.node.hidden = Boolean(state.hint)
    list.reset(state.version, state.total)
  }
  const draw_at = () => {
    const at = model.at
    left.textContent = count(at.left ?? 0)
    of.textContent = ` of ${count(at.total ?? 0)} left`
    fill.style.width = `${at.total ? 100 * (1 - at.left / at.total) : 0}%`
    list.show(at.place ?? -1)
  }
  const dress = () => root.classList.toggle("dark", model.dark)
  for (const [name, draw] of [["state", draw_state], ["at", draw_at], ["dark", dress]]) {
    model.on(name, draw)
    draw()
  }
  model.on("msg:custom", (event) => {
    const message = event.data ?? event
    if (message.rows) list.take(message)
    else if (message.version === list.version) list.marked(message.place, message.done)
  })
  // What is in view is known only once it has a size.
  const watcher = new ResizeObserver(() => list.draw())
  watcher.observe(list.node)
  model.on("remove", () => watcher.disconnect())
  return root
}

// The tool "Rule". Rows and text are two forms of one rule; Python turns one into the
// other and says what the rule hits. What the operator is typing in stays his.

const OPERATORS = {
  number: [[">", ">"], [">=", "≥"], ["<", "<"], ["<=", "≤"], ["==", "="], ["!=", "≠"], ["in", "one of"], ["not in", "none of"]],
  date: [[">=", "from"], ["<=", "until"], [">", "after"], ["<", "before"], ["==", "in"], ["!=", "not in"]],
  text: [["==", "is"], ["!=", "is not"], ["in", "one of"], ["not in", "none of"], ["like", "like"]],
  flag: [["==", "is"], ["!=", "is not"], ["in", "one of"], ["not in", "none of"]],
  area: [["", "inside"], ["not", "outside"]],
  check: [["", "found it"], ["not", "did not"]],
}
const HINTS = {
  number: "", date: "2005, 2005-06, 2005-06-15", text: "", flag: "4, or 3, 4",
  area: "west, south, east, north", check: "",
}

export function render({model}) {
  let rows = []
  let word = "and"
  let typed = "" // where the operator typed last: "rows" or "text"
  let turn = model.state.turn ?? 0
  const send = (said) => model.send_msg(said)
  // What was seen holds no longer: nothing can be set until the server has answered the last turn.
  const changed = () => {
    turn += 1
    apply.disabled = queue.disabled = true
  }
  const ask = (said) => {
    changed()
    send({...said, turn})
  }
  const send_rows = () => { typed = "rows"; ask({rows, word}) }
  const soon_rows = later(send_rows)
  const soon_text = later(() => ask({text: text.value}))

  // ---- the rule ----
  const key = make("select", {"aria-label": "Flagged parameter", onchange: () => ask({key: key.value})})
  const scope = make("select", {"aria-label": "Stations", onchange: () => ask({scope: scope.value})})
  const join = make(
    "select", {"aria-label": "Conditions", onchange: () => { word = join.value; send_rows() }},
    make("option", {value: "and"}, "all"), make("option", {value: "or"}, "any"),
  )
  const list = make("div")
  const add = make("button", {class: "plain", onclick: () => { rows.push({}); show_rows(); send_rows() }}, "+ Condition")
  const more = make("p", {hidden: true}, "This rule is more than rows can show: edit its text.")
  const text = make("textarea", {
    "aria-label": "Rule", spellcheck: "false", autocomplete: "off",
    placeholder: "temperature > 30 and depth < 10 and month in (6, 7, 8)",
    oninput: () => { typed = "text"; changed(); soon_text() },
  })
  const wrong = make("p", {class: "wrong", role: "alert", hidden: true})
  const place = make("div", {class: "place", hidden: true})
  const help = make("details", {}, make("summary", {}, "Words and functions"))
  const names = make("datalist", {id: "names"})

  // ---- what it hits ----
  const count = make("div", {class: "count"})
  const map = draw("svg", {class: "map", role: "img", "aria-label": "Map of the hits"})
  const bars = draw("svg", {class: "bars", viewBox: "0 0 1 1", preserveAspectRatio: "none"})
  const ends = make("div", {class: "ends"})
  const spread = make("div", {}, make("h4"), bars, ends)
  const becomes = make("table", {class: "becomes"})
  const preview = make(
    "div", {class: "preview"}, count, map, spread, make("h4", {}, "What changes, and what does not"), becomes,
  )

  // ---- what to do ----
  const flags = make("div", {class: "chips", role: "group", "aria-label": "Flag"})
  const worse = make("input", {type: "checkbox", onchange: () => ask({keep_worse: worse.checked})})
  const reason = make("input", {class: "reason", list: "reasons", placeholder: "Reason", "aria-label": "Reason"})
  const reasons = make("datalist", {id: "reasons"})
  const apply = make("button", {class: "main", onclick: () => { apply.disabled = true; send({do: "apply", reason: reason.value}) }})
  const queue = make("button", {class: "also", onclick: () => send({do: "queue"})}, "Look at them in the queue")
  const undo = make("button", {class: "plain", hidden: true, onclick: () => { undo.hidden = true; send({do: "undo"}) }}, "Undo")
  const said = make("span", {class: "said", role: "status"})

  function kind_of(row) {
    return model.form.choices.find((c) => c.what === row.what && c.of === row.of)?.kind ?? "number"
  }

  // A condition that is new is about what is flagged; places and texts have no values to compare.
  function usual() {
    const key = model.state.key ?? ""
    const place = {"@depth": "depth", "@time": "time", "@position": "longitude"}[key]
    if (place) return {what: place, of: ""}
    const {choices} = model.form
    const found = ["value", "flag"].map((what) => choices.find((c) => c.what === what && c.of === key)).find(Boolean)
    const {what, of} = found ?? choices[0]
    return {what, of}
  }

  function fill(row) {
    if (!row.what) Object.assign(row, usual(), {op: "", value: ""})
    if (!OPERATORS[kind_of(row)].some(([op]) => op === row.op)) row.op = OPERATORS[kind_of(row)][0][0]
    return row
  }

  function condition(row, i) {
    fill(row)
    const kind = kind_of(row)
    const what = make("select", {"aria-label": "What", onchange: () => {
      const [of, name] = [what.value.slice(what.value.indexOf("|") + 1), what.value.split("|")[0]]
      Object.assign(row, {what: name, of})
      if (kind_of(row) !== kind) row.value = ""
      show_rows()
      send_rows()
    }})
    const groups = new Map()
    for (const c of model.form.choices) {
      if (!groups.has(c.group)) groups.set(c.group, make("optgroup", {label: c.group}))
      groups.get(c.group).append(make("option", {value: `${c.what}|${c.of}`}, c.title))
    }
    what.append(...groups.values())
    const chosen = `${row.what}|${row.of}`
    if (![...what.options].some((o) => o.value === chosen)) {
      what.append(make("option", {value: chosen}, row.what === "value" ? row.of : `${row.what} ${row.of}`))
    }
    what.value = chosen
    const op = make("select", {"aria-label": "How", onchange: () => { row.op = op.value; send_rows() }})
    offer(op, OPERATORS[kind], row.op)
    const area = kind === "area" && model.state.area ? [model.state.area] : []
    const options = [...area, ...(model.form.choices.find((c) => c.what === row.what && c.of === row.of)?.options ?? [])]
    const value = make("input", {
      "aria-label": "Value", placeholder: HINTS[kind], spellcheck: "false", autocomplete: "off",
      list: options.length ? "names" : null, value: row.value, title: kind === "area" ? "West, south, east, north; or longitude and latitude of at least three corners" : null,
      oninput: () => { typed = "rows"; row.value = value.value; changed(); soon_rows() },
      onfocus: () => names.replaceChildren(...options.map((name) => make("option", {value: name}))),
    })
    if (kind === "check") value.style.visibility = "hidden"
    const off = make("button", {class: "off", "aria-label": "Remove this condition", onclick: () => {
      rows.splice(i, 1)
      if (!rows.length) rows.push({})
      show_rows()
      send_rows()
    }}, "✕")
    return make("div", {class: "condition"}, what, op, value, off)
  }

  function show_rows() {
    list.replaceChildren(...rows.map(condition))
  }

  function show_form() {
    const form = model.form
    if (!form.keys) return
    offer(key, form.keys, model.state.key)
    reasons.replaceChildren(...form.reasons.map((r) => make("option", {value: r})))
    flags.replaceChildren(...form.flags.map(([code, title, colour]) =>
      make("button", {"data-flag": code, title, "aria-label": title, onclick: () => ask({flag: code})},
        dot(colour), "1234".includes(code) ? title : code)))
    help.replaceChildren(help.firstChild, ...form.help.flatMap(([title, words]) => [
      make("h4", {}, title),
      make("dl", {}, ...words.flatMap(([name, says]) => [make("dt", {}, name), make("dd", {}, says)])),
    ]))
    const [w, h] = form.map.size
    map.setAttribute("viewBox", `0 0 ${w} ${h}`)
    map.replaceChildren(
      draw("path", {class: "land", d: form.map.land}),
      draw("path", {class: "stations", d: dots(form.map.stations, 1)}),
      draw("path", {class: "hits"}),
    )
    show_rows()
  }

  function dots(pixels, half) {
    let d = ""
    for (let i = 0; i < pixels.length; i += 2) {
      d += `M${pixels[i] - half} ${pixels[i + 1] - half}h${2 * half}v${2 * half}h${-2 * half}z`
    }
    return d
  }

  function show_state() {
    const s = model.state
    if (!model.form.keys || !s.key) return
    // What was chosen since stays: an answer to it is on its way.
    const current = s.turn === turn
    if (current) key.value = s.key
    offer(scope, model.form.scopes, current ? s.scope : scope.value)
    if (typed !== "text") text.value = s.text
    if (typed !== "rows") {
      more.hidden = s.rows !== null
      if (s.rows) {
        rows = s.rows.map((row) => ({...row}))
        word = s.word
        show_rows()
      }
    } else {
      more.hidden = true
    }
    for (const node of [list, add, join.parentNode]) node.hidden = !more.hidden
    join.value = word
    show_error(s)
    for (const button of flags.children) button.setAttribute("aria-pressed", button.dataset.flag === s.flag)
    if (current) worse.checked = s.keep_worse
    if (reason !== reason.getRootNode().activeElement && !reason.value) reason.value = s.reason
    show_preview(s)
    said.textContent = s.said
    said.classList.toggle("wrong", s.wrong)
    undo.hidden = !s.undo
  }

  function show_error(s) {
    const error = s.error
    wrong.hidden = !error
    text.classList.toggle("wrong", Boolean(error))
    place.hidden = !error || error.start === undefined
    if (!error) return
    wrong.textContent = error.sentence
    if (place.hidden) return
    const line = s.text.padEnd(error.end, " ")
    const from = Math.max(0, error.start - 60)
    place.replaceChildren(
      (from ? "…" : "") + line.slice(from, error.start),
      make("mark", {}, line.slice(error.start, error.end).replaceAll(" ", "\u00a0")),
      line.slice(error.end, error.end + 40),
    )
  }

  function show_preview(s) {
    preview.classList.toggle("busy", s.busy)
    const found = s.preview
    if (s.busy && !found) { // the old one stays, dimmed, until the new one is there
      apply.disabled = queue.disabled = true
      return
    }
    const flag = model.form.flags.find(([code]) => code === s.flag)
    const hits = map.querySelector(".hits")
    hits.setAttribute("d", found ? dots(found.dots, 2) : "")
    hits.setAttribute("fill", flag[2])
    const n = found?.changes ?? 0
    const current = s.turn === turn
    apply.disabled = !n || !current
    apply.textContent = n ? `Set ${counted(n, "flag")}` : "Set flags"
    queue.disabled = !found?.samples || !current
    if (!found) {
      count.replaceChildren(make("span", {class: "quiet"}, s.error ? "" : `Write a condition; it looks at ${s.among}.`))
    } else {
      count.replaceChildren(
        make("b", {}, number(found.samples)), ` ${found.samples === 1 ? "hit" : "hits"} at `,
        make("b", {}, number(found.stations)), ` of ${s.among}`,
      )
    }
    show_bars(found?.histogram, flag[2])
    const rows_of_table = (found?.flags ?? []).map(([, title, colour, change, stay, why]) =>
      make("tr", {},
        make("td", {}, dot(colour), title),
        make("td", {class: "n"}, change ? number(change) : ""),
        make("td", {}, ...(change ? ["→ ", dot(flag[2]), flag[1]] : [])),
        make("td", {class: "quiet"}, stay ? `${number(stay)} ${why}` : ""),
      ))
    becomes.replaceChildren(...rows_of_table)
    becomes.previousSibling.hidden = !rows_of_table.length
  }

  function show_bars(given, colour) {
    spread.hidden = !given
    if (!given) return
    const path = (heights) => heights.map((h, i) => h ? `M${i / heights.length} 1v${-Math.max(h, 0.04)}h${0.92 / heights.length}v${h}z` : "").join("")
    bars.replaceChildren(
      draw("path", {class: "all", d: path(given.all)}), draw("path", {d: path(given.hits), fill: colour}),
    )
    const name = model.form.keys.find(([k]) => k === model.state.key)?.[1] ?? ""
    const range = given.range ? `, hits from ${short(given.range[0])} to ${short(given.range[1])}` : ""
    spread.firstChild.textContent = `${name}: all samples in grey${range}`
    ends.replaceChildren(make("span", {}, `≤ ${short(given.from)}`), make("span", {}, `${short(given.to)} ≤`))
  }

  const node = frame(
    model,
    make("div", {class: "halves"},
      make("div", {},
        make("div", {class: "line"}, "Flag", key, "of", scope),
        make("h4", {}, "Where"),
        make("div", {class: "line", style: "margin-bottom:8px"}, join, "of these hold:"),
        list, add, more, names,
        make("h4", {}, "The same as text"), text, place, wrong, help,
      ),
      preview,
    ),
    make("div", {class: "foot"},
      make("div", {class: "line"}, make("span", {class: "quiet"}, "Set"), flags),
      make("div", {class: "line"},
        reason, reasons, make("label", {}, worse, "Leave flags that are worse"),
        make("span", {class: "grow"}), said, undo, queue, apply,
      ),
    ),
  )
  model.on("form", show_form)
  model.on("state", show_state)
  show_form()
  show_state()
  return node
}

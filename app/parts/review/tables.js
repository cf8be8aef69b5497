// Tables that are sorted by their heads, walked through with the arrows, and fetched as CSV.

const SHOWN = 400

function csv_of(columns, rows) {
  const cell = (v) => {
    if (v === null || v === undefined) return ""
    const text = Array.isArray(v) ? v.join(" ") : String(v)
    // What a spreadsheet would read as a formula stays text.
    const safe = typeof v === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
  }
  return [columns.map((c) => cell(c.csv ?? c.key)).join(","), ...rows.map((row) => columns.map((c) => cell(c.raw ? c.raw(row) : row[c.key])).join(","))].join("\r\n") + "\r\n"
}

function save_text(name, text, type = "text/csv") {
  const address = URL.createObjectURL(new Blob([text], {type: `${type};charset=utf-8`}))
  const link = make("a", {href: address, download: name})
  document.body.append(link)
  link.click()
  link.remove()
  setTimeout(() => URL.revokeObjectURL(address), 2000)
}

// columns: {key, title, kind: "n" for numbers, show(row) -> text or node, raw(row) -> value of CSV and order, hint}
function sorted_table({label, name, columns: every, sort, pick, open, empty = "Nothing here."}) {
  let rows = [], columns = every, by = sort, at = -1, chosen = () => false
  const heads = make("tr"), body = make("tbody", {tabindex: "0", "aria-label": label})
  const count = make("span", {class: "quiet"})
  const fetch = make("button", {type: "button", class: "plain", onclick: () => save_text(`${name}.csv`, csv_of(columns, ordered()))}, "CSV")
  const node = make("div", {class: "tabled"}, make("div", {class: "line head"}, make("b", {}, label), count, make("span", {class: "grow"}), fetch), make("div", {class: "scrolls"}, make("table", {}, make("thead", {}, heads), body)))
  const value = (row, column) => column.raw ? column.raw(row) : row[column.key]

  function ordered() {
    if (!by) return rows
    const column = columns.find((c) => c.key === by[0])
    if (!column) return rows
    const sign = by[1] === "down" ? -1 : 1
    return [...rows].sort((a, b) => {
      const [x, y] = [value(a, column), value(b, column)]
      if (x === y) return 0
      if (x === null || x === undefined || x === "") return 1
      if (y === null || y === undefined || y === "") return -1
      const [p, q] = by[2] === "size" ? [Math.abs(x), Math.abs(y)] : [x, y]
      return sign * (typeof p === "number" && typeof q === "number" ? p - q : String(p).localeCompare(String(q), "en", {numeric: true}))
    })
  }

  function show() {
    heads.replaceChildren(...columns.map((c) => {
      const on = by?.[0] === c.key
      return make("th", {class: c.kind === "n" ? "n" : "", "aria-sort": on ? (by[1] === "down" ? "descending" : "ascending") : "none"},
        make("button", {type: "button", class: "plain", title: c.hint ?? `Order by ${c.title}`, onclick: () => { by = on && by[1] === "down" ? [c.key, "up", c.size && "size"] : on ? [c.key, "down", c.size && "size"] : [c.key, c.kind === "n" ? "down" : "up", c.size && "size"]; at = -1; show() }}, c.title, on ? (by[1] === "down" ? " ↓" : " ↑") : ""))
    }))
    const list = ordered(), seen = list.slice(0, SHOWN)
    count.textContent = list.length > SHOWN ? `the first ${of(SHOWN, list.length)}; the CSV has all` : number(list.length)
    fetch.hidden = !list.length
    if (!list.length) {
      body.replaceChildren(make("tr", {}, make("td", {colspan: columns.length, class: "quiet"}, empty)))
      return
    }
    body.replaceChildren(...seen.map((row, k) => {
      const tr = make("tr", {"aria-selected": String(k === at || (at < 0 && chosen(row))), onclick: () => { go(k); pick?.(row) }, ondblclick: () => open?.(row)},
        ...columns.map((c) => make("td", {class: c.kind === "n" ? "n" : c.class ?? ""}, c.show ? c.show(row) : row[c.key] === null || row[c.key] === undefined ? "–" : String(row[c.key]))))
      tr.row = row
      return tr
    }))
  }

  function go(k) {
    if (!body.children[k]?.row) return
    for (const tr of body.children) tr.setAttribute("aria-selected", "false")
    at = k
    body.children[k].setAttribute("aria-selected", "true")
    body.children[k].scrollIntoView({block: "nearest"})
    node.current = body.children[k].row
    node.moved?.(node.current)
  }

  body.addEventListener("keydown", (event) => {
    const by = {ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12, Home: -1e9, End: 1e9}[event.key]
    if (by) {
      event.preventDefault()
      go(Math.max(0, Math.min(body.children.length - 1, at + by)))
    } else if (event.key === "Enter" && at >= 0) {
      event.preventDefault()
      const row = body.children[at].row
      if (open) open(row)
      else pick?.(row)
    } else if (event.key === " " && at >= 0 && pick) {
      event.preventDefault()
      pick(body.children[at].row)
    }
  })

  node.put = (next, is_chosen = () => false) => {
    if (next !== rows) at = -1
    rows = next
    columns = every.filter((c) => !c.hide?.(rows))
    chosen = is_chosen
    show()
  }
  node.shown = () => ordered()
  node.focus_list = () => { body.focus({preventScroll: true}); if (at < 0) go(0) }
  return node
}

// A bias with its interval as a line of a forest plot.
function forest(bias, low, high, limit, dark) {
  const svg = draw("svg", {class: "forest", viewBox: "0 0 96 14", "aria-hidden": "true"})
  const x = (v) => 48 + 44 * Math.max(-1, Math.min(1, v / (limit || 1)))
  svg.append(draw("line", {class: "zero", x1: 48, x2: 48, y1: 0, y2: 14}))
  if (bias === null || bias === undefined) return svg
  if (low !== null && low !== undefined && high !== null && high !== undefined) svg.append(draw("line", {class: low <= 0 && high >= 0 ? "whisker quiet" : "whisker", x1: x(low), x2: x(high), y1: 7, y2: 7}))
  svg.append(draw("rect", {class: "beam", x: x(bias) - 3, y: 4, width: 6, height: 6, fill: rgb(diverging(bias / (limit || 1), dark))}))
  return svg
}

// The blocks of a review, each on a tab of its own.

const TITLES = {
  overview: "Overview", residuals: "Residuals", skill: "Skill", cruises: "Cruises", diagrams: "Diagrams",
  compare: "Reference", physical: "Physical", coverage: "Coverage", worst: "Worst casts", opinion: "Opinion",
}
const TAB_OF = {reference: "compare", previous: "compare"}
const BLOCKS_OF = {residuals: ["residuals"], skill: ["skill"], cruises: ["cruises"], diagrams: [], compare: ["reference", "previous"], physical: ["physical"], coverage: ["coverage"], worst: ["worst"]}

function number_column(key, title, digits, more = {}) {
  return {key, title, kind: "n", show: (row) => fixed(row[key], digits), ...more}
}

function skill_block(pick) {
  let given = null
  const dims = ["layer", "month", "area", "decade"]
  const names = (row, d) => row[d] === null || row[d] === undefined ? "all" : titles_of(given.doc, d)[row[d]] ?? String(row[d])
  const columns = [
    ...dims.map((d) => ({key: d, title: NAMES[d], show: (row) => names(row, d), raw: (row) => names(row, d)})),
    {key: "n", title: "Samples", kind: "n", show: (row) => number(row.n)},
    number_column("bias", "Bias", 3, {size: true, show: (row) => signed(row.bias, 3)}),
    {key: "bias_low", title: "95 % interval", kind: "n", csv: "bias_low", show: (row) => row.bias_low === null || row.bias_low === undefined ? "–" : `${fixed(row.bias_low, 3)} to ${fixed(row.bias_high, 3)}`},
    number_column("mae", "MAE", 3), number_column("rmse", "RMSE", 3), number_column("urmse", "Unbiased RMSE", 3),
    number_column("correlation", "Correlation", 3), number_column("sd_ratio", "SD ratio", 2, {hint: "Standard deviation of the product / of the observations"}),
    {key: "within1", title: "Within 1σ", kind: "n", hint: "Share of the residuals within the expected error; 68 % is right", show: (row) => percent(row.within1)},
    {key: "within2", title: "Within 2σ", kind: "n", hint: "Share within two expected errors; 95 % is right", show: (row) => percent(row.within2)},
  ]
  const extra = [["bias_high", "bias_high"], ["rmse_low", "rmse_low"], ["rmse_high", "rmse_high"]]
  const table = sorted_table({label: "Skill", name: "skill", columns, sort: ["bias", "down", "size"], empty: "No skill was computed.", pick: (row) => pick(Object.fromEntries(dims.filter((d) => row[d] !== null && row[d] !== undefined).map((d) => [d, [row[d]]])))})
  const which = make("select", {"aria-label": "Groups of the table", onchange: () => show()})
  const words = make("p")
  const node = make("section", {class: "card full"}, make("div", {class: "line"}, make("span", {class: "quiet"}, "By"), which, words), table)

  function show() {
    const rows = given.doc.skill?.rows ?? []
    const of_row = (row) => dims.filter((d) => row[d] !== null && row[d] !== undefined).join(",")
    const kinds = [...new Set(rows.map(of_row))].sort((a, b) => b.split(",").length - a.split(",").length || a.localeCompare(b))
    offer(which, [["*", "everything"], ...kinds.map((k) => [k, k ? k.split(",").map((d) => NAMES[d].toLowerCase()).join(" × ") : "all samples together"])], which.value || (kinds.includes("layer,month") ? "layer,month" : "*"))
    const own = which.value === "*" ? rows : rows.filter((row) => of_row(row) === which.value)
    const more = given.doc.skill?.all > rows.length ? `Groups of one and two dimensions; review.json has all ${number(given.doc.skill.all)}.` : ""
    words.textContent = [more, given.doc.expected].filter(Boolean).join(" ")
    words.title = words.textContent
    table.put(own, (row) => dims.every((d) => (row[d] ?? null) === (given.picked.brush?.[d]?.length === 1 ? given.picked.brush[d][0] : null)) && Object.keys(given.picked.brush ?? {}).length > 0)
  }
  node.put = (next) => { given = next; show() }
  return node
}

function groups_block(pick) {
  let given = null, limit = 1
  const make_table = (key, label, name, who) => sorted_table({
    label, name, sort: ["score", "down"], empty: "None.",
    pick: (row) => pick({[key]: [row.index]}),
    columns: [
      {key: "who", title: who, class: "who", show: (row) => row.who, raw: (row) => row.who},
      {key: "n", title: "Samples", kind: "n", show: (row) => number(row.n)},
      {key: "stations", title: "Casts", kind: "n", hide: (rows) => rows.every((row) => row.stations === undefined), show: (row) => row.stations === undefined ? "–" : number(row.stations)},
      number_column("bias", "Bias", 3, {size: true, show: (row) => signed(row.bias, 3)}),
      {key: "bias_low", title: "95 % interval", show: (row) => forest(row.bias, row.bias_low, row.bias_high, limit, given.dark)},
      number_column("rmse", "RMSE", 3),
      {key: "score", title: "Score", kind: "n", hint: "How much it stands out from the others", show: (row) => fixed(row.score, 1)},
    ],
  })
  const cruises = make_table("cruise", "Cruises", "cruises", "Cruise"), centres = make_table("edmo", "Data centres", "data_centres", "Data centre")
  const node = make("div", {class: "pair"}, make("section", {class: "card full"}, cruises), make("section", {class: "card full"}, centres))
  node.put = (next) => {
    given = next
    const {doc, picked} = next
    const who = (one) => one.cruise ?? one.centre ?? one.name ?? (one.edmo !== undefined ? `EDMO ${one.edmo}` : "")
    // Only those who have samples in what is picked, with their numbers there.
    const merged = (list, own) => {
      const all = (list ?? []).map((one, index) => ({...one, index, who: `${who(one) || "Without name"}${one.edmo !== undefined && (one.centre ?? one.name) ? ` (${one.edmo})` : ""}`}))
      if (!own) return all
      return own.filter(([k]) => all[k]).map(([k, n, bias, rmse, bias_low, bias_high, stations]) => ({index: k, who: all[k].who, score: all[k].score, n, bias, rmse, bias_low, bias_high, stations}))
    }
    const a = merged(doc.cruises, picked.brush?.cruise ? null : picked.cruise), b = merged(doc.centres, picked.brush?.edmo ? null : picked.edmo)
    limit = reach([...a, ...b].flatMap((one) => [one.bias, one.bias_low, one.bias_high]), 0.97)
    cruises.put(a, (row) => picked.brush?.cruise?.includes(row.index))
    centres.put(b, (row) => picked.brush?.edmo?.includes(row.index))
  }
  return node
}

// Blocks of which only the beginning is known: sentences, numbers and tables as they are.
const WORDS = {n: "Points", step: "Time", rms: "RMS", sd: "Standard deviation", rmse: "RMSE", mae: "MAE", layer: "Layer", month: "Month", area: "Area", bias: "Bias"}

function titled(key) {
  return WORDS[key] ?? key.replaceAll("_", " ").replace(/^./, (c) => c.toUpperCase())
}

function shown_value(doc, key, value) {
  if (value === null || value === undefined) return key === "step" || key in LISTS ? "all" : "–"
  if (key === "step" && Number.isInteger(value)) return String(doc.product?.times?.[value] ?? value)
  if (key in LISTS && Number.isInteger(value)) return titles_of(doc, key)[value] ?? String(value)
  if (typeof value === "number") return Number.isInteger(value) ? number(value).replace("-", MINUS) : fixed(value, digits_of(Math.abs(value)) || 2)
  return Array.isArray(value) ? value.map((v) => shown_value(doc, "", v)).join(", ") : typeof value === "object" ? "" : String(value)
}

function places(doc, send, worst) {
  const months = titles_of(doc, "month"), steps = doc.product?.times ?? []
  return make("table", {}, make("thead", {}, make("tr", {}, ...["When", "Depth", "Where", "Value", ""].map((t, k) => make("th", {class: k === 1 || k === 3 ? "n" : ""}, t)))),
    make("tbody", {}, ...worst.slice(0, 12).map((w) => make("tr", {}, make("td", {}, String(steps[w.step] ?? months[w.step] ?? w.step ?? "")), make("td", {class: "n"}, (w.depth ?? w.level ?? null) === null ? "–" : `${tick_text(Number((w.depth ?? w.level).toPrecision(5)))} m`),
      make("td", {}, w.lon === undefined || w.lon === null ? "–" : `${degrees(w.lat, "NS")} ${degrees(w.lon, "EW")}`), make("td", {class: "n"}, w.value === null || w.value === undefined ? "–" : tick_text(Number(w.value.toPrecision(3)))),
      make("td", {}, make("button", {type: "button", class: "plain", onclick: () => send({do: "map", view: {...w, field: doc.variable}})}, "Show on the map"))))))
}

function compare_block(doc, send, key, title, none) {
  const found = doc[key]
  if (!found) return make("section", {class: "card full"}, make("div", {class: "line head"}, make("b", {}, title)), make("p", {}, none))
  const rows = Array.isArray(found.rows) ? found.rows.filter((r) => r && typeof r === "object") : []
  const simple = Object.entries(found).filter(([name, v]) => !["rows", "name", "sentence", "summary", "histogram", "path", "largest", "variable"].includes(name) && (typeof v !== "object" || v === null) && v !== "")
  const parts = [make("div", {class: "line head"}, make("b", {}, title), make("span", {class: "quiet"}, found.name ?? ""))]
  for (const sentence of [found.sentence, found.summary].filter(Boolean)) parts.push(make("p", {}, sentence))
  if (simple.length) parts.push(make("table", {class: "facts"}, ...simple.map(([name, v]) => make("tr", {}, make("td", {}, titled(name)), make("td", {}, shown_value(doc, name, v))))))
  if (rows.length) {
    const keys = [...new Set(rows.flatMap(Object.keys))].filter((k) => k !== "label" && rows.some((r) => r[k] !== null && typeof r[k] !== "object"))
    // One number of digits for all, so that columns can be compared.
    const measured = (k) => rows.some((r) => typeof r[k] === "number" && !Number.isInteger(r[k]))
    const digits = 1 + (digits_of(Math.max(...rows.map((r) => Math.abs(r.rms ?? 0)))) || 2)
    const show = (row, k) => measured(k) && row[k] !== null ? (k === "mean" ? signed : fixed)(row[k], digits) : shown_value(doc, k, row[k])
    const table = sorted_table({label: doc.unit ? `By layer and time, in ${doc.unit}` : "By layer and time", name: key, columns: keys.map((k) => ({key: k, title: titled(k), kind: k in LISTS || k === "step" || rows.some((r) => typeof r[k] === "string") ? "" : "n", show: (row) => show(row, k)})), sort: null})
    table.put(rows)
    parts.push(table)
  }
  if (found.largest?.length) parts.push(make("details", {}, make("summary", {}, "Where they differ most"), make("div", {class: "scrolls"}, places(doc, send, found.largest))))
  return make("section", {class: "card full"}, ...parts)
}

function compare_blocks(send) {
  const node = make("div", {class: "pair"})
  let last = null
  node.put = ({doc}) => {
    if (doc === last) return
    last = doc
    const given = ["reference", "previous"].filter((key) => doc[key])
    node.className = given.length === 1 ? "pair lone" : "pair"
    const parts = {
      reference: compare_block(doc, send, "reference", "Reference climatology", "No reference was chosen for this review. Start another one with a reference climatology to see where the product differs from it."),
      previous: compare_block(doc, send, "previous", "Previous version", "No previous version was chosen for this review. Start another one with it to see what became better and what worse."),
    }
    node.replaceChildren(...(given[0] === "previous" && given.length === 1 ? [parts.previous, parts.reference] : [parts.reference, parts.previous]))
  }
  return node
}

function skipped(check) {
  return String(check.sentence ?? "").startsWith("Not looked at")
}

function rank(check) {
  const at = ["major", "minor", "note"].indexOf(check.severity)
  return at < 0 ? (skipped(check) ? 9 : 5) : at
}

function outcome(check) {
  if (["major", "minor", "note"].includes(check.severity)) return pill(check.severity)
  if (skipped(check)) return make("span", {class: "pill"}, "Not looked at")
  return make("span", {class: "pill fine"}, "Passed")
}

function physical_block(send) {
  const node = make("div", {class: "checks"})
  let last = null
  node.put = ({doc}) => {
    if (doc === last) return
    last = doc
    const checks = [...(doc.physical ?? [])].sort((a, b) => rank(a) - rank(b))
    node.replaceChildren(...checks.map((check) => {
      const worst = check.worst ?? []
      const share = check.of ? `${number(check.count ?? 0)} of ${number(check.of)}` : ""
      const table = worst.length ? places(doc, send, worst) : null
      return make("section", {class: "card check"}, make("div", {class: "line head"}, outcome(check), make("b", {}, check.title), make("span", {class: "quiet"}, share)), make("p", {}, check.sentence ?? ""), table ? make("details", {open: check.severity === "major"}, make("summary", {}, worst.length > 1 ? `The worst ${Math.min(12, worst.length)} places` : "Where"), make("div", {class: "scrolls"}, table)) : null)
    }), ...(checks.length ? [] : [make("p", {}, "No physical check fits this quantity.")]))
  }
  return node
}

// Years without samples are gaps.
function every_year(rows) {
  const [first, last] = [Math.min(...rows.map(([y]) => y)), Math.max(...rows.map(([y]) => y))]
  if (!rows.length || last - first > 300) return rows.map(([y, n]) => [String(y), n])
  const known = new Map(rows)
  return Array.from({length: last - first + 1}, (_, k) => [String(first + k), known.get(first + k) ?? 0])
}

function coverage_block() {
  const years = plot("Samples by year", paint_bars)
  const grid = make("div", {class: "grid small", role: "img", "aria-label": "Samples by layer and month"})
  const facts = make("p"), holders = make("div"), ships = make("div")
  const node = make("div", {class: "cover"},
    make("section", {class: "card"}, make("div", {class: "line head"}, make("b", {}, "Samples by layer and month")), make("div", {class: "scrolls"}, grid), facts),
    make("section", {class: "card"}, make("div", {class: "line head"}, make("b", {}, "By year")), years),
    make("section", {class: "card"}, make("div", {class: "line head"}, make("b", {}, "Data centres")), make("div", {class: "scrolls"}, holders)),
    make("section", {class: "card"}, make("div", {class: "line head"}, make("b", {}, "Platforms")), make("div", {class: "scrolls"}, ships)))
  node.put = ({doc, dark}) => {
    const c = doc.coverage ?? {}, m = c.by_layer_month ?? {layers: [], months: [], counts: []}
    const most = Math.max(1, ...(m.counts ?? []).flat())
    grid.style.gridTemplateColumns = `minmax(64px, max-content) repeat(${m.months.length}, minmax(26px, 1fr))`
    grid.replaceChildren(make("span"), ...m.months.map((t) => make("span", {class: "title", title: String(t)}, short_month(String(t)))), ...m.layers.flatMap((layer, r) => [make("span", {class: "title"}, layer), ...m.months.map((month, k) => {
      const n = m.counts[r]?.[k] ?? 0
      const cell = make("span", {class: n ? "cell" : "cell none", title: `${layer}, ${month}: ${counted(n, "sample")}`}, n > 9999 ? `${Math.round(n / 1000)}k` : n ? String(n) : "")
      if (n) { const fill = rising(Math.sqrt(n / most), dark); cell.style.background = rgb(fill); cell.style.color = ink_on(fill) }
      return cell
    })]))
    const left = doc.left_out ?? {}
    const out = [["outside", "outside of the product"], ["land", "on its land"], ["masked", "masked"], ["flagged", "flagged as bad"], ["used", "used by the product"]].filter(([k]) => left[k]).map(([k, t]) => `${number(left[k])} ${t}`)
    facts.textContent = [`${counted(doc.samples ?? 0, "sample")} compared`, out.length ? `left out: ${out.join(", ")}` : ""].filter(Boolean).join("; ") + "."
    years.put({bars: every_year(c.by_year ?? []), title: "Year"})
    holders.replaceChildren(shares((c.centres ?? []).map(([edmo, name, n]) => [name ? `${name} (${edmo})` : `EDMO ${edmo}`, n]), doc.samples))
    ships.replaceChildren(shares((c.platforms ?? []).map((p) => Array.isArray(p) ? [String(p[p.length - 2] || "Without name"), p[p.length - 1]] : [String(p.platform ?? p.name ?? "Without name"), p.n ?? 0]), doc.samples))
  }
  return node
}

function worst_block(send) {
  let given = null
  const position = (row) => row.lat === null || row.lat === undefined ? "–" : `${degrees(row.lat, "NS")} ${degrees(row.lon, "EW")}`
  const table = sorted_table({
    label: "Casts with the largest residuals", name: "worst_casts", sort: ["rms", "down"], empty: "No casts.",
    open: (row) => send({do: "quality", rows: [row.row]}),
    columns: [
      {key: "rms", title: "Misfit", kind: "n", hint: "Root mean square of the residuals, in expected misfits", show: (row) => `${fixed(row.rms, 1)} ×`},
      {key: "largest", title: "Largest residual", kind: "n", size: true, show: (row) => `${signed(row.largest, 2)} ${given.doc.unit ?? ""}`},
      {key: "depth", title: "at depth", kind: "n", show: (row) => row.depth === null || row.depth === undefined ? "–" : `${tick_text(Number(row.depth.toPrecision(5)))} m`},
      {key: "n", title: "Samples", kind: "n", show: (row) => number(row.n)},
      {key: "time", title: "Time", show: (row) => String(row.time ?? "").slice(0, 16).replace("T", " ")},
      {key: "lat", title: "Position", show: position, raw: (row) => row.lat},
      {key: "cruise", title: "Cruise", class: "who"},
      {key: "platform", title: "Platform", class: "who"},
      {key: "centre", title: "Data centre", class: "who", show: (row) => row.centre ?? (row.edmo ? `EDMO ${row.edmo}` : "–")},
      {key: "id", title: "CDI", class: "who"},
      {key: "lon", title: "", show: () => "", csv: "lon"},
    ],
  })
  const go = make("button", {type: "button", class: "main", onclick: () => table.current && send({do: "quality", rows: [table.current.row]})}, "Open in Quality")
  const all = make("button", {type: "button", class: "also", onclick: () => send({do: "queue", rows: table.shown().map((row) => row.row), scores: table.shown().map((row) => row.rms)})})
  const node = make("section", {class: "card full worst"}, make("div", {class: "line"}, make("span", {class: "quiet"}, "↑ ↓ walk through the list, Enter opens the cast in the Quality tab with its flags."), make("span", {class: "grow"}), go, all), table)
  table.moved = () => { go.disabled = !table.current }
  go.disabled = true
  let rows = null, before = null
  node.put = (next) => {
    given = next
    const known = new Map((given.doc.worst ?? []).map((one) => [one.row, one]))
    const source = given.picked.casts ?? given.doc.worst ?? []
    if (source !== before) { before = source; rows = source.map((one) => ({...known.get(one.row), ...one})) }
    table.put(rows)
    all.textContent = `Send these ${number(rows.length)} to the Quality queue`
    all.disabled = !rows.length
  }
  node.arrive = () => table.focus_list()
  return node
}

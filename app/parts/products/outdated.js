// The banner over the map: what changed since the product was made, and a new one in its place.

export function render({model}) {
  const send = (said) => model.send_msg(said)
  const sentence = make("b"), how = make("span", {class: "quiet"})
  const list = make("button", {type: "button", class: "plain", onclick: () => send({do: "list"})})
  const quality = make("button", {type: "button", class: "plain", title: "Their stations in the Quality tab", onclick: () => send({do: "quality"})}, "Open in Quality")
  const again = make("button", {type: "button", class: "also", onclick: () => { again.disabled = true; send({do: "again"}) }})
  const close = make("button", {type: "button", class: "plain close", title: "Hide until something else changes", "aria-label": "Hide", onclick: () => send({do: "close"})}, "✕")
  const line = make("div", {class: "line"}, make("i", {class: "mark", "aria-hidden": "true"}), sentence, how, make("span", {class: "grow"}), list, quality, again, close)
  const state = make("span"), fill = make("i"), bar = make("div", {class: "bar"}, fill)
  const stop = make("button", {type: "button", onclick: () => { stop.disabled = true; send({do: "cancel", id: model.state.job?.id}) }}, "Cancel")
  const difference = make("button", {type: "button", class: "also", onclick: () => send({do: "difference", id: model.state.job?.id})}, "Show the difference")
  const fresh = make("button", {type: "button", onclick: () => send({do: "new", id: model.state.job?.id})}, "Show the new product")
  const job = make("div", {class: "line job", role: "status"}, state, bar, stop, difference, fresh)
  const said = make("p", {class: "wrong", role: "alert", hidden: true})
  const rows = make("table"), more = make("p", {class: "quiet"})
  const table = make("div", {class: "rows"}, rows, more)
  const node = make("div", {class: "tool banner", role: "region", "aria-label": "Out of date"}, line, job, said, table)

  const point = (row) => document.dispatchEvent(new CustomEvent("sdcviz:cursor", {detail: row
    ? {from: "outdated", lon: row.lon, lat: row.lat, ...(row.at === null ? {} : {depth: row.at})}
    : {from: "outdated"}}))

  function show_rows(s) {
    table.hidden = !s.listed
    if (!s.listed) return rows.replaceChildren()
    const head = ["", "Station", "Date", "Depth", "Value", "Flag"].map((title, k) => make("th", {class: k > 2 && k < 5 ? "n" : null}, title))
    rows.replaceChildren(make("tr", {}, ...head), ...s.rows.map((row, place) => {
      const cells = [[row.what], [row.station], [row.time], [row.depth, "n"], [row.value, "n"], [row.flags]]
      return make("tr", {
        tabindex: "0", title: "Show its time and depth on the map",
        onmouseenter: () => point(row), onmouseleave: () => point(null),
        onclick: () => send({do: "go", place}),
        onkeydown: (event) => { if (event.key === "Enter") send({do: "go", place}) },
      }, ...cells.map(([text, kind]) => make("td", {class: kind}, text)))
    }))
    more.textContent = s.more ? `and ${number(s.more)} more` : ""
    more.hidden = !s.more
  }

  function show() {
    const s = model.state
    if (!s.sentence) return
    sentence.textContent = s.sentence
    const times = s.times.length > 3 ? `${s.times.length} times` : s.times.join(", ")
    how.textContent = [s.how, times].filter(Boolean).join(" · ")
    list.textContent = s.listed ? "Hide them" : "Show them"
    list.setAttribute("aria-expanded", String(s.listed))
    const busy = Boolean(s.job && !s.job.over)
    const done = Boolean(s.job && s.job.state === "done" && s.job.product)
    again.hidden = busy
    again.disabled = s.starting
    again.textContent = s.starting ? "Starting …" : done ? "Re-run here again" : "Re-run here"
    again.title = "Analyse the surroundings of these observations again, in the background; the product stays as it is, and the new one stands beside it"
    again.classList.toggle("also", !done)
    job.hidden = !s.job
    if (s.job) {
      const j = s.job
      state.textContent = busy
        ? [j.words, j.text, j.total ? `${j.done} of ${j.total}` : "", j.left].filter(Boolean).join(" · ")
        : done ? [`Analysed again: ${j.product}.`, j.outside ? `${counted(j.outside, "change")} outside stayed as they were.` : "", j.shifted].filter(Boolean).join(" ")
        : [`The new analysis: ${j.words.toLowerCase()}`, j.reason].filter(Boolean).join(". ")
      state.classList.toggle("wrong", j.state === "failed" || j.state === "lost")
      bar.hidden = !busy
      bar.classList.toggle("unknown", !j.total)
      fill.style.width = j.total ? `${100 * j.done / j.total}%` : "30%"
      stop.hidden = !busy
      stop.disabled = !j.can.includes("cancel")
      difference.hidden = fresh.hidden = !done
    }
    said.textContent = s.said ?? ""
    said.hidden = !s.said
    show_rows(s)
  }

  const theme = () => node.classList.toggle("dark", model.dark)
  for (const [name, draw] of [["state", show], ["dark", theme]]) {
    model.on(name, draw)
    draw()
  }
  return node
}

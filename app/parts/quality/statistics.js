// The tool "Statistics": bars of flags before and after, and tables of who changed what.

function bar(parts, title) {
  const total = parts.reduce((sum, [, n]) => sum + n, 0) || 1
  return make("div", {class: "stack"},
    make("span", {class: "quiet"}, title),
    make("div", {class: "parts"}, ...parts.filter(([, n]) => n).map(([, n, colour, words]) => {
      const node = make("i", {title: words})
      node.style.cssText = `flex:${n / total} 1 0;background:${colour}`
      return node
    })),
  )
}

// rows: [{name, before, after, lines}], lines: [title, colour, before, after, change]
function flags(state) {
  return state.groups.map((group) =>
    make("section", {},
      make("h4", {}, group.name, make("span", {class: "quiet"}, ` ${group.words}`)),
      bar(group.before, "Imported"), bar(group.after, "Now"),
      make("table", {},
        make("tr", {}, ...["Flag", "Imported", "Now", "Change"].map((t, i) => make("th", {class: i ? "n" : ""}, t))),
        ...group.lines.map(([title, colour, before, after, change]) =>
          make("tr", {}, make("td", {}, dot(colour), title), make("td", {class: "n"}, before),
            make("td", {class: "n"}, after), make("td", {class: change ? "n changed" : "n"}, change))),
      ),
    ))
}

// columns: [title, is a number]; rows: [[cells], part of the greatest]
function table(state) {
  if (!state.rows.length) return [make("p", {}, state.empty)]
  return [
    make("table", {class: "wide"},
      make("tr", {}, ...state.columns.map(([title, number]) => make("th", {class: number ? "n" : ""}, title))),
      ...state.rows.map(([cells, part]) => {
        const row = make("tr", {}, ...cells.map((cell, i) =>
          make("td", {class: state.columns[i][1] ? "n" : "", title: cell.length > 40 ? cell : null}, cell)))
        row.style.setProperty("--part", `${100 * part}%`)
        return row
      })),
    state.more ? make("p", {}, state.more) : "",
  ]
}

export function render({model}) {
  const send = (message) => model.send_msg(message)
  const views = make("div", {class: "chips", role: "group", "aria-label": "Statistics"})
  const by = make("select", {"aria-label": "Counted by", onchange: () => send({by: by.value})})
  const key = make("select", {"aria-label": "Parameter", onchange: () => send({key: key.value})})
  const words = make("p")
  const body = make("div", {class: "body"})
  const root = frame(model, make("div", {class: "line"}, views, by, key), words, body)
  const show = () => {
    const state = model.state
    if (!state.views) return
    views.replaceChildren(...state.views.map(([value, title]) =>
      make("button", {type: "button", "aria-pressed": String(value === state.view), onclick: () => send({view: value})}, title)))
    by.hidden = !state.bys
    if (state.bys) offer(by, state.bys, state.by)
    key.hidden = !state.keys
    if (state.keys) offer(key, state.keys, state.key)
    words.textContent = state.words
    words.hidden = !state.words
    body.replaceChildren(...(state.busy ? [] : state.groups ? flags(state) : table(state)).filter(Boolean))
  }
  model.on("state", show)
  show()
  return root
}

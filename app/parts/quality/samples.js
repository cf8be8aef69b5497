// Beside the table of samples: the line over it, and the card of the sample that was clicked.

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value)
    else if (value !== undefined && value !== false && value !== null) {
      node.setAttribute(name, value === true ? "" : value)
    }
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""))
  return node
}

function fill(select, options, value) {
  const wanted = JSON.stringify(options)
  if (select.filled !== wanted) {
    select.filled = wanted
    select.replaceChildren(...options.map(([key, title]) => make("option", {value: key}, title)))
  }
  select.value = value
}

function dotted(colour, ...words) {
  const dot = make("i", {class: "dot"})
  dot.style.setProperty("--dot", colour)
  return make("span", {class: "dotted"}, dot, ...words)
}

// The keys of the desk rest while a field has the focus, so a choice gives it back.
function chosen(take) {
  return (event) => {
    take(event.target.value)
    event.target.blur()
  }
}

function bar(model) {
  const send = (choice) => model.send_msg(choice)
  const mode = make("select", {"aria-label": "Samples of", onchange: chosen((mode) => send({mode}))})
  const show = make("select", {"aria-label": "Samples that are listed", onchange: chosen((show) => send({show}))})
  const words = make("span", {class: "words"})
  const flag = make("select", {
    "aria-label": "Set flag", onchange: chosen((code) => {
      if (code) send({flag: code})
      flag.value = ""
    }),
  })
  const picked = make("span", {class: "picked"}, make("b"), flag)
  const back = make("button", {type: "button", "aria-label": "Previous page", onclick: () => send({page: -1})}, "‹")
  const on = make("button", {type: "button", "aria-label": "Next page", onclick: () => send({page: 1})}, "›")
  const page = make("span")
  const pager = make("span", {class: "pager"}, back, page, on)
  const root = make("form", {class: "over", onsubmit: (e) => e.preventDefault()}, mode, show, words, picked, pager)
  return [root, () => {
    const state = model.state
    root.hidden = !state.modes
    if (!state.modes) return
    fill(mode, state.modes, state.mode)
    fill(show, state.shows, state.show)
    words.textContent = state.words
    words.title = state.words
    picked.hidden = !state.picked
    picked.firstChild.textContent = state.picked
    fill(flag, [["", state.set], ...state.flags], "")
    pager.hidden = state.pages < 2
    page.textContent = `${state.page} of ${state.pages}`
    back.disabled = state.page <= 1
    on.disabled = state.page >= state.pages
  }]
}

function card(model) {
  const root = make("div", {class: "card"})
  return [root, () => {
    const {title, facts, impact, found, history, hint} = model.state
    if (!title) {
      root.replaceChildren(make("p", {class: "hint"}, hint ?? ""))
      return
    }
    root.replaceChildren(
      make("h4", {}, title),
      facts?.length ? make("p", {class: "facts"}, ...facts.map(([words, colour]) => colour ? dotted(colour, words) : make("span", {}, words))) : "",
      impact ? make("p", {class: "impact"}, impact) : "",
      ...(found ?? []).map(([name, words, colour]) => make("p", {}, dotted(colour, make("b", {}, name), ` ${words}`))),
      history ? make("h5", {}, "History") : "",
      ...(history ?? []).map(([what, from, to, who, why]) =>
        make("p", {class: "change"},
          make("span", {}, dotted(from[1], from[0]), " → ", dotted(to[1], to[0])),
          make("span", {class: "who"}, who), make("span", {class: "why"}, why, what ? make("em", {}, ` ${what}`) : ""))),
      history && !history.length ? make("p", {class: "hint"}, "Its flag is as it was imported.") : "",
    )
  }]
}

export function render({model}) {
  const [root, draw] = (model.kind === "bar" ? bar : card)(model)
  const dress = () => root.classList.toggle("dark", model.dark)
  for (const [name, does] of [["state", draw], ["dark", dress]]) {
    model.on(name, does)
    does()
  }
  return root
}

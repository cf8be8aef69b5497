// The dialog of recipes: open, save, compare, text.

export function render({model}) {
  const send = (said) => model.send_msg(said)
  const titles = [["open", "Open"], ["save", "Save"], ["compare", "Compare"], ["text", "As text"]]
  const tabs = make("div", {class: "tabs", role: "tablist"}, ...titles.map(([key, title]) => make("button", {
    type: "button", role: "tab", "data-tab": key, onclick: () => send({tab: key}),
  }, title)))
  const said = make("p", {class: "said", role: "status"})

  // ---- open ----
  const list = make("table")
  const none = make("p", {}, "No recipe is saved yet. Save the one in the form under a name; a file of that name then lies in the folder of the server, for the command line too.")
  const open_pane = make("div", {class: "pane"}, none, list)
  let doomed = ""

  // ---- save ----
  const name = make("input", {"aria-label": "Name of the recipe", placeholder: "Such as: Temperature, monthly 0.25°", maxlength: "80", style: "width: 340px",
    onkeydown: (e) => { if (e.key === "Enter") store() }, oninput: () => { sure.hidden = true }})
  const sure = make("span", {class: "wrong", hidden: true})
  const save = make("button", {type: "button", class: "main", onclick: () => store()}, "Save")
  const save_pane = make("div", {class: "pane"}, make("div", {class: "line"}, name, save), sure,
    make("p", {}, "The link of the page then names the recipe: who opens it sees the same form and preview."))
  function store() { send({do: "save", name: name.value, sure: !sure.hidden}) }

  // ---- compare ----
  const other = make("select", {"aria-label": "Compare with", onchange: () => send({do: "compare", name: other.value})})
  const table = make("table")
  const same = make("p")
  const chosen = make("div", {class: "line"}, "The form compared with", other)
  const compare_pane = make("div", {class: "pane"}, chosen, same, table)

  // ---- text ----
  const text = make("textarea", {"aria-label": "Recipe as text", spellcheck: "false"})
  const take = make("button", {type: "button", class: "main", onclick: () => send({do: "text", text: text.value})}, "Take into the form")
  const file = make("a", {class: "plain", download: "recipe.yaml"}, "Download")
  const pick = make("input", {type: "file", accept: ".yaml,.yml,.txt", hidden: true, onchange: async () => {
    const [one] = pick.files
    if (one && one.size < 1e6) text.value = await one.text()
    pick.value = ""
  }})
  const load = make("button", {type: "button", onclick: () => pick.click()}, "From a file")
  const text_pane = make("div", {class: "pane"}, text, make("div", {class: "line", style: "padding-top: 10px"}, load, file, make("span", {class: "grow"}), take, pick))

  const panes = {open: open_pane, save: save_pane, compare: compare_pane, text: text_pane}

  function row(one) {
    const act = (does, title, more = {}) => make("button", {type: "button", class: "plain", onclick: () => send({do: does, name: one.name, ...more})}, title)
    const gone = make("button", {type: "button", class: "plain", onclick: () => {
      if (doomed === one.name) { doomed = ""; send({do: "delete", name: one.name}) }
      else { doomed = one.name; show() }
    }}, doomed === one.name ? "Really delete?" : "Delete")
    return make("tr", {"data-name": one.name}, make("td", {}, make("b", {}, one.name)), make("td", {}, one.parameter), make("td", {class: "quiet"}, one.collection),
      make("td", {class: "quiet"}, one.saved), make("td", {class: "does"}, act("open", "Open"), act("compare", "Compare"), gone))
  }

  let shown_name = null
  function show() {
    const s = model.state
    if (!s.kept) return
    for (const button of tabs.children) button.setAttribute("aria-selected", String(button.dataset.tab === s.tab))
    for (const [key, pane] of Object.entries(panes)) pane.hidden = key !== s.tab
    said.textContent = s.said
    said.classList.toggle("wrong", Boolean(s.wrong))
    none.hidden = s.kept.length > 0
    list.replaceChildren(...s.kept.map(row))
    if (shown_name !== s.name) { name.value = s.name; shown_name = s.name }
    save.disabled = !s.right
    sure.hidden = !s.exists
    if (s.exists) sure.textContent = "There is a recipe of this name already. Save once more to replace it."
    offer(other, s.kept.map((one) => [one.name, one.name]), s.other)
    const rows = s.differences
    table.hidden = !rows || !rows.length
    same.textContent = !s.kept.length ? "There is no saved recipe to compare with." : !s.right ? "Something in the form is wrong; mend it first." : rows && !rows.length ? "Both are the same." : ""
    chosen.hidden = !s.kept.length
    same.hidden = !same.textContent
    if (rows) {
      table.replaceChildren(
        make("tr", {}, make("th", {}, "Key"), make("th", {}, s.other), make("th", {}, "Form")),
        ...rows.map(([key, old, now]) => make("tr", {}, make("td", {class: "key"}, key), make("td", {}, old || "–"), make("td", {}, now || "–"))),
      )
    }
    if (text.getRootNode().activeElement !== text || !s.wrong) text.value = s.text
    file.href = URL.createObjectURL(new Blob([s.text], {type: "text/yaml"}))
    if (s.tab === "save") setTimeout(() => name.focus(), 60)
  }

  model.on("state", show)
  show()
  return frame(model, tabs, said, ...Object.values(panes))
}

// The form of a recipe. Python gives the table of fields (`form`) and what they hold, with
// complaints and hints (`state`); each entry goes back as one message.

export function render({model}) {
  const send = (said) => model.send_msg(said)
  const root = make("div", {class: "sections"})
  const shown = new Map() // name of a field -> its parts

  function entered(name, value) {
    send({set: name, value})
  }

  // ---- kinds of fields: each gives its node, and what puts a value into it ----
  function text(field) {
    const tag = field.kind === "area" ? "textarea" : "input"
    const input = make(tag, {
      "aria-label": field.label, placeholder: field.placeholder, spellcheck: "false", autocomplete: "off",
      "data-field": field.name,
    })
    let held = ""
    const done = () => { if (input.value !== held) { held = input.value; entered(field.name, input.value) } }
    const soon = later(done, 500)
    input.addEventListener("input", soon)
    input.addEventListener("change", done)
    if (tag === "input") input.addEventListener("keydown", (e) => { if (e.key === "Enter") done() })
    const unit = field.unit ? make("span", {class: "unit"}, field.unit) : null
    return [make("div", {class: "entry"}, input, unit), (value) => {
      // What is being typed is not written over, but by what somebody else did.
      if (same(input.value, value)) { held = input.value; return }
      if (document_focus(input) && input.value !== held) return
      input.value = held = value
    }]
  }

  function same(a, b) {
    const plain = (t) => String(t).replace(/[\s,]+/g, " ").trim()
    return plain(a) === plain(b)
  }

  function document_focus(node) {
    return node.getRootNode().activeElement === node
  }

  function select(field) {
    const node = make("select", {"aria-label": field.label, "data-field": field.name,
      onchange: () => entered(field.name, node.value)})
    return [node, (value) => {
      const options = field.options ?? model.form.options?.[field.name] ?? []
      const known = options.some(([v]) => v === value)
      offer(node, known || !value ? options : [...options, [value, value]], value)
    }]
  }

  function flags(field) {
    const chips = make("div", {class: "chips", role: "group", "aria-label": field.label})
    return [chips, (value) => {
      chips.replaceChildren(...(model.form.options?.flags ?? []).map(([code, title]) => make("button", {
        type: "button", title, "aria-pressed": String(value.includes(code)), "aria-label": `Flag ${title}`,
        onclick: () => entered(field.name, value.includes(code) ? value.filter((c) => c !== code) : [...value, code].sort()),
      }, code)))
    }]
  }

  function box(field) {
    const sides = [["w", "West"], ["s", "South"], ["e", "East"], ["n", "North"]]
    const inputs = sides.map(([side, name]) => make("input", {
      "aria-label": name, inputmode: "decimal", "data-field": `box-${side}`,
      onchange: () => entered(field.name, inputs.map((i) => i.value)),
    }))
    const rose = make("div", {class: "rose"}, ...sides.map(([side, name], k) => make("label", {class: side, title: name}, name[0], inputs[k])))
    return [rose, (value) => inputs.forEach((input, k) => { if (!document_focus(input)) input.value = value[k] ?? "" })]
  }

  const kinds = {text, area: text, select, flags, box}

  function field_node(field) {
    const [control, put] = kinds[field.kind](field)
    const help = field.help ? make("div", {class: "help", hidden: true}, field.help) : null
    const what = help && make("button", {
      class: "what", type: "button", "aria-label": `What is ${field.label}?`, "aria-expanded": "false",
      onclick: () => { help.hidden = !help.hidden; what.setAttribute("aria-expanded", String(!help.hidden)) },
    }, "?")
    const buttons = field.buttons && make("div", {class: "buttons"}, ...field.buttons.map(([does, title]) => make("button", {
      type: "button", onclick: () => send(does.startsWith("fit:") ? {do: "fit", of: does.slice(4)} : {do: does}),
    }, title)))
    const hint = make("div", {class: "said"})
    const wrong = make("div", {class: "said wrong", role: "alert", hidden: true})
    const node = make("div", {class: `field${field.half ? " half" : ""}`, "data-name": field.name},
      make("div", {class: "label"}, field.label, what), help, control, wrong, hint, buttons)
    shown.set(field.name, {field, node, put, hint, wrong})
    return node
  }

  function section_node(section) {
    const fields = make("div", {class: "fields", hidden: Boolean(section.closed)}, ...section.fields.map(field_node))
    const title = make("h3", {}, section.title)
    const node = make("section", {class: section.closed ? "folds" : null, "aria-label": section.title}, title, fields)
    if (section.closed) {
      title.tabIndex = 0
      title.setAttribute("role", "button")
      const turn = () => { fields.hidden = !fields.hidden; node.classList.toggle("open", !fields.hidden) }
      title.addEventListener("click", turn)
      title.addEventListener("keydown", (e) => { if (e.key === "Enter" || e.key === " ") { e.preventDefault(); turn() } })
    }
    return node
  }

  const rest = make("div", {class: "said wrong", role: "alert", hidden: true})

  const elsewhere = make("div", {class: "other", hidden: true}, make("span"), make("button", {type: "button", class: "plain", onclick: () => send({do: "collection"})}, "Use the open one"))

  function build() {
    shown.clear()
    root.replaceChildren(elsewhere, rest, ...(model.form.sections ?? []).map(section_node))
    show()
  }

  function show() {
    const {values = {}, errors = {}, hints = {}} = model.state
    elsewhere.firstChild.textContent = model.state.other ?? ""
    elsewhere.hidden = !model.state.other
    rest.textContent = errors[""] ?? ""
    rest.hidden = !errors[""]
    if (!Object.keys(values).length) return
    for (const [name, {field, node, put, hint, wrong}] of shown) {
      node.hidden = Object.entries(field.when ?? {}).some(([other, wanted]) => !wanted.includes(values[other]))
      put(values[name] ?? "")
      const error = errors[name] ?? ""
      wrong.textContent = error
      wrong.hidden = !error
      node.classList.toggle("wrong", Boolean(error))
      const told = hints[name] ?? ""
      hint.textContent = error ? "" : told.replace(/^! /, "")
      hint.classList.toggle("warn", told.startsWith("! "))
      if (error) {
        const section = node.closest("section")
        if (section?.classList.contains("folds") && !section.classList.contains("open")) section.querySelector("h3").click()
      }
    }
  }

  model.on("form", build)
  model.on("state", show)
  build()
  return frame(model, root)
}

// The bar of the Quality tab: where one is in the queue, flags, reason, what is saved.

const SHAPES = {
  circle: "●", square: "■", triangle: "▲", x: "✕", diamond: "◆", inverted_triangle: "▼", star: "★",
  plus: "✚", dash: "–", hex: "⬢", asterisk: "✱", square_pin: "✦",
}
const ICONS = {
  back: "M15.4 7.4 14 6l-6 6 6 6 1.4-1.4L10.8 12z",
  on: "M8.6 16.6 10 18l6-6-6-6-1.4 1.4L13.2 12z",
  undo: "M12.5 8c-2.65 0-5.05 1-6.9 2.6L2 7v9h9l-3.62-3.62A8 8 0 0 1 20.1 16l2.37-.78A10.5 10.5 0 0 0 12.5 8z",
  redo: "M18.4 10.6A10.5 10.5 0 0 0 1.54 15.22L3.9 16a8 8 0 0 1 12.72-3.62L13 16h9V7z",
  box: "M3 5h2V3a2 2 0 0 0-2 2zm0 8h2v-2H3zm4 8h2v-2H7zM3 9h2V7H3zm10-6h-2v2h2zm6 0v2h2a2 2 0 0 0-2-2zM5 21v-2H3c0 1.1.9 2 2 2zm-2-4h2v-2H3zM9 3H7v2h2zm2 18h2v-2h-2zm8-8h2v-2h-2zm0 8a2 2 0 0 0 2-2h-2zm0-12h2V7h-2zm0 8h2v-2h-2zm-4 4h2v-2h-2zm0-16h2V3h-2z",
  lasso: "M12 4c5 0 8.5 2.5 8.5 5.8S17 15.6 12 15.6c-.8 0-1.600-.06-2.300-.2A3 3 0 0 1 5.300 18.900c.2 1 .9 1.700 2 2.100l-.6 1.600c-2-.7-3.200-2.200-3.100-4.400A3 3 0 0 1 4 14c-.3-.4 0-.500-.2-.9C3.700 12.200 3.500 11 3.500 9.800 3.500 6.500 7 4 12 4zm0 1.700c-4 0-6.800 1.800-6.800 4.100 0 1.200.6 2.200 1.700 2.900a3 3 0 0 1 2.900 1.100c.7.1 1.400.2 2.200.2 4 0 6.800-1.800 6.800-4.200S16 5.700 12 5.700z",
  pan: "M10 9h4V6h3l-5-5-5 5h3zm-1 1H6V7l-5 5 5 5v-3h3zm14 2-5-5v3h-3v4h3v3zm-9 3h-4v3H7l5 5 5-5h-3z",
}
const TOLD = 5000 // ms that a message stays

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value)
    else if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value)
  }
  node.append(...children)
  return node
}

function icon_button(title, name, press) {
  const node = make("button", {type: "button", class: "icon", title, "aria-label": title.replace(/ \(.*/, ""), onclick: press})
  node.innerHTML = `<svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true"><path d="${ICONS[name]}"/></svg>`
  return node
}

function degrees(value, letters) {
  return value === null ? "" : `${Math.abs(value).toFixed(3)}°${letters[value < 0 ? 1 : 0]}`
}

class Bar {
  constructor(conductor, form) {
    this.conductor = conductor
    this.form = form
    this.root = make("div", {class: "desk"}, this.first_row(), this.second_row())
    this.message = make("div", {class: "message", role: "status", hidden: true})
    this.keys = this.key_list()
    this.tip = make("div", {class: "tip", hidden: true})
    this.root.append(this.message, this.keys, this.tip)
  }

  first_row() {
    const {conductor} = this
    this.counter = make("span", {class: "counter"})
    this.title = make("div", {class: "title"})
    this.link = make("button", {type: "button", class: "link", hidden: true, onclick: () => location.reload(),
      title: "Changes of flags are kept and sent as soon as the server answers"}, "Connection lost: reload")
    const tools = this.form.tools.map(([key, title]) =>
      make("button", {type: "button", class: "tool", "data-tool": key, onclick: () => conductor.send({tool: key})}, title))
    return make(
      "div", {class: "row"},
      icon_button("Previous station (P)", "back", () => conductor.step(-1)), this.counter,
      icon_button("Next station (N)", "on", () => conductor.step(1)), this.title, this.link,
      make("div", {class: "tools"}, ...tools),
    )
  }

  second_row() {
    const {conductor} = this
    this.target = make("select", {"aria-label": "Parameter to flag", title: "What the keys flag",
      onchange: () => {
        conductor.send({parameter: this.target.value})
        if (conductor.shown) this.show(conductor.shown) // until the server answers
        this.target.blur()
      }})
    const groups = [["Parameters", this.form.parameters.filter(([key]) => !key.startsWith("@"))],
                    ["Of the station", this.form.parameters.filter(([key]) => key.startsWith("@") && key !== "@order")]]
    for (const [label, options] of groups) {
      this.target.append(make("optgroup", {label}, ...options.map(([value, text]) => make("option", {value}, text))))
    }
    this.flags = this.form.flags.filter(([code]) => code !== "0" && code !== "B").map(([code, title, colour, marker]) => {
      const shape = make("i", {style: `color:${colour}`}, SHAPES[marker])
      return make("button", {type: "button", class: "flag", "data-flag": code, title: `Flag ${title} (${code})`,
        "aria-label": `Flag ${title}`, onclick: () => conductor.set_flag(code)}, shape, code)
    })
    this.why = make("button", {type: "button", class: "why", title: "Reason of the next flags (C)", onclick: () => this.choose_reason()}, "Reason …")
    this.reasons = this.reason_list()
    this.modes = Object.entries({box: "Pick with a box (B)", lasso: "Pick with a lasso (L)", pan: "Move the plots (M)"})
      .map(([mode, title]) => {
        const node = icon_button(title, mode, () => conductor.drag(mode))
        node.dataset.mode = mode
        return node
      })
    this.state = make("span", {class: "state", "data-saved": "saved"})
    this.chosen = make("span", {class: "chosen"})
    this.name = make("input", {class: "user", "aria-label": "Your name", title: "Flags are written under this name",
      placeholder: "Your name", spellcheck: "false", maxlength: "80",
      onchange: () => conductor.send({user: this.name.value}),
      onkeydown: (event) => { if (event.key === "Enter" || event.key === "Escape") this.name.blur() }})
    return make(
      "div", {class: "row"},
      this.target, make("div", {class: "flags", role: "group", "aria-label": "Flags"}, ...this.flags),
      make("div", {class: "holder"}, this.why, this.reasons),
      icon_button("Undo (U)", "undo", () => conductor.undo()), icon_button("Redo (R)", "redo", () => conductor.redo()),
      make("div", {class: "modes", role: "group", "aria-label": "What a drag does"}, ...this.modes),
      this.chosen, this.state, this.name,
      make("button", {type: "button", class: "icon help", title: "Keys (?)", "aria-label": "Keys", onclick: () => this.help()}, "?"),
    )
  }

  // ---- reasons ---------------------------------------------------------------

  reason_list() {
    const {conductor} = this
    const take = (reason) => {
      conductor.reason = reason
      this.reason(reason)
      conductor.send({reason})
      this.close_all()
    }
    const rows = this.form.reasons.map((reason, i) =>
      make("button", {type: "button", onclick: () => take(reason)}, make("kbd", {}, "123456789ab"[i] ?? ""), reason))
    this.words = make("input", {placeholder: "Another reason", "aria-label": "Another reason", maxlength: "300", spellcheck: "true"})
    const none = make("button", {type: "button", onclick: () => take("")}, make("kbd", {}, "0"), "no reason")
    const list = make("div", {class: "popup reasons", hidden: true}, ...rows, none, this.words)
    list.tabIndex = -1
    list.addEventListener("keydown", (event) => {
      event.stopPropagation()
      if (event.key === "Escape") this.close_all()
      else if (event.target === this.words) {
        if (event.key === "Enter") take(this.words.value.trim())
      } else if (event.key === "0") take("")
      else {
        const i = "123456789ab".indexOf(event.key.toLowerCase())
        if (i >= 0 && i < rows.length) take(this.form.reasons[i])
        else if (event.key === "Tab" || event.key.length === 1) return this.words.focus()
      }
      if (event.target !== this.words || event.key === "Enter") event.preventDefault()
    })
    list.addEventListener("focusout", (event) => {
      if (!list.contains(event.relatedTarget)) list.hidden = true
    })
    return list
  }

  choose_reason() {
    const open = this.reasons.hidden
    this.close_all()
    if (!open) return
    this.reasons.hidden = false
    this.words.value = this.form.reasons.includes(this.conductor.reason) ? "" : this.conductor.reason
    this.reasons.focus()
  }

  reason(text) {
    this.why.textContent = text || "Reason …"
    this.why.classList.toggle("set", Boolean(text))
  }

  // ---- what is shown ------------------------------------------------------------

  show(shown) {
    this.target.value = shown.target
  }

  place(place, count) {
    this.counter.textContent = !count ? "no queue" : place < 0 ? `${number(count)} in the queue` : `${number(place + 1)} of ${number(count)}`
  }

  headline(view) {
    const name = [view.cruise, view.station].filter(Boolean).join(" · ") || `Station ${number(view.row + 1)}`
    const rest = [view.when, `${degrees(view.lat, "NS")} ${degrees(view.lon, "EW")}`.trim(), view.platform, view.centre].filter(Boolean)
    this.title.replaceChildren(make("b", {}, name), ...rest.map((text) => make("span", {}, text)))
    this.title.title = [name, ...rest].join("\n")
    this.root.classList.remove("waits")
  }

  wait(row, lost) {
    const words = row < 0 ? "Choose a station in the queue" : lost ? "Not connected: this station is not loaded" : "Loading …"
    this.title.replaceChildren(make("span", {}, words))
  }

  connected(yes) {
    this.link.hidden = yes
  }

  picked(words) {
    this.chosen.textContent = words
  }

  mode(mode) {
    for (const node of this.modes) node.setAttribute("aria-pressed", node.dataset.mode === mode)
  }

  user(name) {
    if (this.name.getRootNode().activeElement !== this.name) this.name.value = name
  }

  saved(state, count, sentence) {
    if (sentence && sentence !== this.state.title) this.tell(`${sentence}. What you flag is kept here and sent again.`.replace("..", "."), "error")
    this.state.dataset.saved = state
    const kept = `Waiting: ${several(count, "change")} kept here`
    this.state.textContent = {saved: "Saved", saving: "Saving …", waiting: kept}[state]
    this.state.title = sentence
  }

  tell(sentence, kind = "info") {
    clearTimeout(this.quiet)
    this.message.textContent = sentence
    this.message.dataset.kind = kind
    this.message.hidden = !sentence
    const stay = kind === "error" ? 4 * TOLD : TOLD
    this.quiet = setTimeout(() => { this.message.hidden = true }, stay)
  }

  // ---- keys ------------------------------------------------------------------------

  key_list() {
    const groups = KEYS.map(([title, rows]) => make(
      "section", {}, make("h4", {}, title),
      ...rows.map(([keys, what]) => make("div", {}, make("kbd", {}, keys), make("span", {}, what))),
    ))
    const flags = this.form.flags.map(([, title, colour, marker]) =>
      make("div", {}, make("i", {style: `color:${colour}`}, SHAPES[marker]), make("span", {}, title)))
    return make("div", {class: "popup keys", hidden: true, onclick: () => this.close_all()},
      ...groups, make("section", {class: "legend"}, make("h4", {}, "Colours and shapes"), ...flags))
  }

  help() {
    const open = this.keys.hidden
    this.close_all()
    this.keys.hidden = !open
  }

  // Returns whether something was open.
  close_all() {
    const open = [this.keys, this.reasons, this.message].filter((node) => !node.hidden)
    for (const node of open) node.hidden = true
    return open.length > 0
  }
}

function render_bar({model, view}) {
  const conductor = new Conductor({model, view})
  const holder = make("div")
  let bar, silence
  const draw = () => {
    silence?.()
    bar = new Bar(conductor, model.form)
    holder.replaceChildren(bar.root)
    dress()
    conductor.begin(bar)
    bar.mode(conductor.mode)
    silence = listen(bar.root, conductor, bar)
  }
  const dress = () => {
    bar.root.classList.toggle("dark", model.dark)
    conductor.dress()
  }
  model.on("form", draw)
  model.on("dark", dress)
  model.on("msg:custom", (event) => conductor.hear(event.data ?? event))
  model.on("remove", () => {
    silence?.()
    conductor.close()
  })
  draw()
  return holder
}

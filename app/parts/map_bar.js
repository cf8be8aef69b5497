// The line over the map, as one component: each widget of its own would cost every new
// page on the server. Python gives what can be chosen (`form`) and what is (`state`).

const GLOBE =
  "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20Zm6.9 6h-3a15 15 0 0 0-1.3-3.5A8 8 0 0 1 18.9 8ZM12 4c.8 1.2 1.5 2.5 1.9 4h-3.8c.4-1.5 1.1-2.8 1.9-4ZM4.3 14a8 8 0 0 1 0-4h3.3a16 16 0 0 0 0 4Zm.8 2h3c.3 1.2.7 2.4 1.3 3.5A8 8 0 0 1 5.1 16Zm3-8h-3a8 8 0 0 1 4.3-3.5A15 15 0 0 0 8.1 8ZM12 20c-.8-1.2-1.5-2.5-1.9-4h3.8c-.4 1.5-1.1 2.8-1.9 4Zm2.3-6H9.7a14 14 0 0 1 0-4h4.6a14 14 0 0 1 0 4Zm.3 5.5c.6-1.1 1-2.3 1.3-3.5h3a8 8 0 0 1-4.3 3.5Zm1.8-5.5a16 16 0 0 0 0-4h3.3a8 8 0 0 1 0 4Z"
const FRAME = "M4 9V4h5v2H6v3H4Zm11-5h5v5h-2V6h-3V4ZM6 15v3h3v2H4v-5h2Zm12 0h2v5h-5v-2h3v-3ZM8 8h8v8H8V8Z"

function icon(path) {
  return `<svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true"><path d="${path}"/></svg>`
}

function field(title, control) {
  const node = document.createElement("label")
  const caption = document.createElement("span")
  caption.textContent = title
  node.append(caption, control)
  return node
}

function chooser(title, choose) {
  const select = document.createElement("select")
  select.setAttribute("aria-label", title)
  select.addEventListener("change", () => choose(select.value))
  select.fill = (options) => {
    select.replaceChildren(
      ...options.map(([value, label]) => Object.assign(document.createElement("option"), {value, textContent: label})),
    )
  }
  return select
}

function button(title, path, press) {
  const node = document.createElement("button")
  node.type = "button"
  node.title = title
  node.setAttribute("aria-label", title)
  node.innerHTML = icon(path)
  node.addEventListener("click", press)
  return node
}

// "5 to 25", "5 25", "5, 25": two rising numbers; nothing is the usual range.
function read_range(text) {
  if (!text.trim()) return null
  const numbers = text.split(/\s*(?:to|–|;|\s)\s*/).map((part) => Number(part.replace(",", ".")))
  const good = numbers.length === 2 && numbers.every(Number.isFinite) && numbers[0] < numbers[1]
  return good ? numbers : undefined
}

export function render({model}) {
  const send = (choice) => model.send_msg(choice)
  const colour = chooser("Colour", (value) => send({colour_by: value}))
  const parameter = chooser("Parameter", (value) => send({parameter: value}))
  const palette = chooser("Colours", (value) => send({colormap: value}))
  const limits = document.createElement("input")
  limits.placeholder = "2 to 98 %"
  limits.setAttribute("aria-label", "Colour range")
  limits.addEventListener("change", () => {
    const range = read_range(limits.value)
    limits.classList.toggle("wrong", range === undefined)
    limits.title = range === undefined ? "Two rising numbers, as 5 to 25" : ""
    if (range !== undefined) send({clim: range})
  })
  const limits_field = field("Colour range", limits)
  const palette_field = field("Colours", palette)
  const turn = button("Arctic map", GLOBE, () => send({turn: true}))
  const fit = button("Show all stations", FRAME, () => send({fit: true}))
  const root = document.createElement("form")
  root.addEventListener("submit", (event) => event.preventDefault())
  root.append(field("Colour", colour), field("Parameter", parameter), limits_field, palette_field, turn, fit)

  const draw_form = () => {
    const form = model.form
    root.hidden = !form.colours
    if (root.hidden) return
    colour.fill(form.colours)
    parameter.fill(form.parameters)
    palette.fill(form.palettes)
    draw_state()
  }
  const draw_state = () => {
    const state = model.state
    colour.value = state.colour_by
    parameter.value = state.parameter
    palette.value = state.colormap ?? ""
    limits.value = state.clim ? state.clim.map((v) => Number(v.toPrecision(5))).join(" to ") : ""
    limits.classList.remove("wrong")
    limits_field.hidden = !["mean", "year"].includes(state.colour_by)
    palette_field.hidden = !["count", "mean", "year"].includes(state.colour_by)
    turn.title = state.projection === "mercator" ? "Arctic map" : "Mercator map"
    turn.setAttribute("aria-label", turn.title)
    turn.classList.toggle("on", state.projection !== "mercator")
  }
  const dress = () => root.classList.toggle("dark", model.dark)
  model.on("form", draw_form)
  model.on("state", draw_state)
  model.on("dark", dress)
  draw_form()
  dress()
  return root
}

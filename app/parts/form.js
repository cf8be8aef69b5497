// What the forms of the page share. All text becomes text nodes: what
// comes from files is never read as HTML.

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) {
      node.addEventListener(name.slice(2), value)
    } else if (value !== undefined && value !== null && value !== false) {
      node.setAttribute(name, value === true ? "" : value)
    }
  }
  node.append(...children.filter((child) => child !== null && child !== undefined))
  return node
}

function draw(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag)
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value)
  node.append(...children)
  return node
}

function dot(colour) {
  const node = make("i", {class: "dot"})
  node.style.setProperty("--dot", colour)
  return node
}

// 12 345, with a narrow space.
function number(value) {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f")
}

function counted(value, noun) {
  return `${number(value)} ${noun}${value === 1 ? "" : "s"}`
}

function short(value) {
  return value === null ? "" : String(Number(value.toPrecision(4)))
}

// Choose between options, [value, title] each, without losing the choice.
function offer(select, options, value) {
  const key = JSON.stringify(options)
  if (select.offered !== key) {
    select.replaceChildren(...options.map(([v, title]) => make("option", {value: v}, title)))
    select.offered = key
  }
  select.value = value
}

// Tick a box as the server says. What a visitor chose stays until the server says the same: what it
// said before it heard of the click may come late.
function tick(box, value) {
  if (box.wanted !== undefined && box.wanted !== value) return
  box.wanted = undefined
  box.checked = value
}

// Call `f` once it was not asked for anew for some milliseconds.
function later(f, rest = 220) {
  let timer
  return (...given) => {
    clearTimeout(timer)
    timer = setTimeout(() => f(...given), rest)
  }
}

// The frame of a tool. Its keys are its own: a 4 that is typed here flags nothing.
function frame(model, ...children) {
  const node = make("div", {class: "tool tall"}, ...children)
  const theme = () => node.classList.toggle("dark", model.dark)
  model.on("dark", theme)
  theme()
  for (const kind of ["keydown", "keyup", "keypress"]) {
    node.addEventListener(kind, (event) => event.key !== "Escape" && event.stopPropagation())
  }
  return node
}

// The clipboard's own door is shut where the page has no TLS; the old way works there.
function copy_text(text) {
  if (navigator.clipboard && window.isSecureContext) { navigator.clipboard.writeText(text); return }
  const area = make("textarea")
  area.value = text
  document.body.append(area)
  area.select()
  document.execCommand("copy")
  area.remove()
}

// What each dimension and variable was taken for, and what the visitor says instead.

const KINDS = [["", "nothing of these"], ["lon", "longitude"], ["lat", "latitude"], ["depth", "depth"], ["time", "time"]]

export function render({model}) {
  const send = (said) => model.send_msg(said)
  const said = make("p", {class: "wrong", role: "alert", hidden: true})
  const busy = make("p", {role: "status", hidden: true}, "Reading …")
  const dims = make("table", {"aria-label": "Dimensions"})
  const variables = make("table", {"aria-label": "Variables"})
  const apply = make("button", {type: "button", class: "main", onclick: () => send({do: "apply", ...chosen()})}, "Open it so")
  const reset = make("button", {type: "button", onclick: () => send({do: "reset"})}, "As it was found")
  const body = make("div", {class: "pane"}, make("h4", {}, "Dimensions"), dims, make("h4", {}, "Fields and their errors"), variables)
  const foot = make("div", {class: "line foot"}, make("span", {class: "grow quiet"}, "Kept on the shelf, for everyone who opens this product here."), reset, apply)
  let drawn = ""
  let axes = [], fields = []

  function chosen() {
    return {
      axes: Object.fromEntries(axes.map(([name, select]) => [name, select.value])),
      fields: fields.filter(([, box]) => box.checked).map(([name]) => name),
      errors: Object.fromEntries(fields.filter(([, box]) => box.checked).map(([name, , error]) => [name, error.value])),
    }
  }

  // A kind is that of one dimension: who takes it takes it away.
  function taken(select) {
    for (const [, other] of axes) if (other !== select && select.value && other.value === select.value) other.value = ""
  }

  function draw_all(s) {
    axes = []
    dims.replaceChildren(make("tr", {}, ...["Dimension", "Length", "Says of itself", "Is"].map((t) => make("th", {}, t))), ...s.dims.map((d) => {
      const select = make("select", {"aria-label": `Dimension ${d.name} is`, onchange: () => taken(select)})
      offer(select, KINDS, d.kind)
      axes.push([d.name, select])
      return make("tr", {}, make("td", {}, make("b", {}, d.name)), make("td", {class: "n"}, number(d.size)), make("td", {class: "quiet"}, d.variable), make("td", {}, select))
    }))
    fields = []
    const grids = s.variables.filter((v) => v.may)
    variables.replaceChildren(make("tr", {}, ...["Field", "On", "Unit", "Its error"].map((t) => make("th", {}, t))), ...grids.map((v) => {
      const box = make("input", {type: "checkbox", onchange: () => { error.disabled = !box.checked }})
      box.checked = s.fields.includes(v.name)
      const error = make("select", {"aria-label": `Error of ${v.name}`})
      offer(error, [["", "none"], ...grids.filter((g) => g.name !== v.name).map((g) => [g.name, g.name])], s.errors[v.name] ?? "")
      error.disabled = !box.checked
      fields.push([v.name, box, error])
      return make("tr", {}, make("td", {}, make("label", {title: v.label}, box, " ", make("b", {}, v.name))), make("td", {class: "quiet"}, v.dims.join(", ")), make("td", {class: "quiet"}, v.unit), make("td", {}, error))
    }))
  }

  function show() {
    const s = model.state
    const trouble = s.said || s.problem
    said.hidden = !trouble
    said.textContent = trouble ?? ""
    busy.hidden = !s.busy
    body.hidden = foot.hidden = !s.dims
    apply.disabled = reset.disabled = Boolean(s.busy)
    if (!s.dims) { drawn = ""; return }
    const key = JSON.stringify([s.dims, s.variables, s.fields, s.errors])
    if (key !== drawn) draw_all(s)
    drawn = key
  }

  model.on("state", show)
  show()
  const node = frame(model, said, busy, body, foot)
  node.classList.remove("tall")
  return node
}

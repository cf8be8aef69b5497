// Switches of the layers of map servers.

export function render({model}) {
  const list = make("div", {class: "layers"})

  function show() {
    list.replaceChildren(...(model.state.layers ?? []).map((one, layer) => {
      const box = make("input", {type: "checkbox", onchange: () => model.send_msg({layer, on: box.checked})})
      box.checked = one.on
      return make("label", {title: one.credit}, box, make("span", {}, one.title))
    }))
  }

  model.on("state", show)
  show()
  const node = frame(model, make("h3", {}, "Overlays"), list, make("p", {}, "Fetched from their map servers while they are switched on."))
  node.classList.remove("tall")
  return node
}

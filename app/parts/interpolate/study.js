// The dialog of the parameter study: one thumbnail for each length and each noise.

export function render({model}) {
  const send = (said) => model.send_msg(said)
  const lengths = make("input", {"aria-label": "Lengths"})
  const epsilons = make("input", {"aria-label": "Noise", class: "few"})
  const run = make("button", {type: "button", onclick: () => send({do: "run", lengths: lengths.value, epsilons: epsilons.value})}, "Compute")
  const stop = make("button", {type: "button", hidden: true, onclick: () => send({do: "stop"})}, "Stop")
  for (const input of [lengths, epsilons]) input.addEventListener("keydown", (e) => { if (e.key === "Enter") run.click() })
  const said = make("p", {class: "said", role: "status"})
  const grid = make("div", {class: "grid"})
  const drawn = new Map() // image -> canvas

  function rgb(colour) {
    return [1, 3, 5].map((k) => parseInt(colour.slice(k, k + 2), 16))
  }

  function canvas(cell, palette) {
    const node = make("canvas", {width: cell.size[0], height: cell.size[1], "aria-hidden": "true"})
    node.style.aspectRatio = String(cell.aspect)
    const bytes = Uint8Array.from(atob(cell.image), (c) => c.charCodeAt(0))
    const colours = palette.map(rgb)
    const picture = node.getContext("2d").createImageData(cell.size[0], cell.size[1])
    bytes.forEach((index, k) => {
      if (!index) return
      const [r, g, b] = colours[index - 1]
      picture.data.set([r, g, b, 255], 4 * k)
    })
    node.getContext("2d").putImageData(picture, 0, 0)
    return node
  }

  function show() {
    const s = model.state
    if (!s.cells) return
    const focused = grid.getRootNode().activeElement
    if (focused !== lengths) lengths.value = s.lengths
    if (focused !== epsilons) epsilons.value = s.epsilons
    stop.hidden = !s.busy
    run.disabled = Boolean(s.busy)
    said.classList.toggle("wrong", Boolean(s.error))
    said.textContent = s.error || (s.busy ? `${s.cells.length} of ${s.total} …` : s.cells.length
      ? `${s.of}, ${counted(s.observations, "observation")}. The number is the misfit to cruises that were left out (${s.folds} parts), ${s.unit ? `in ${s.unit}` : "of transformed values"}: the smaller, the better. Click a picture to take its parameters.` : "")
    const rows = [...new Set(s.cells.map((c) => c.length))], columns = [...new Set(s.cells.map((c) => c.epsilon2))].sort((a, b) => a - b)
    // As wide as lets all rows be seen at once.
    const room = (Math.min(920, window.innerHeight - 130) - 100) / Math.max(rows.length, 1) - 42
    const wide = Math.max(110, Math.round(room * (s.cells[0]?.aspect ?? 2)))
    grid.style.gridTemplateColumns = `max-content repeat(${Math.max(columns.length, 1)}, minmax(100px, ${wide}px))`
    const scores = s.cells.map((c) => c.score)
    const low = Math.min(...scores), high = Math.max(...scores)
    const nodes = [make("div", {class: "head row"}, "Length, epsilon²"), ...columns.map((e) => make("div", {class: "head"}, String(e)))]
    for (const length of rows) {
      nodes.push(make("div", {class: "head row"}, length))
      for (const epsilon of columns) {
        const k = s.cells.findIndex((c) => c.length === length && c.epsilon2 === epsilon)
        if (k < 0) { nodes.push(make("div")); continue }
        const c = s.cells[k]
        if (!drawn.has(c.image)) drawn.set(c.image, canvas(c, s.palette))
        const bar = make("b")
        bar.style.width = `${high > low ? 100 * (c.score - low) / (high - low) : 0}%`
        const now = s.now[0] === c.length && s.now[1] === c.epsilon2
        nodes.push(make("button", {
          type: "button", class: `cell${k === s.best ? " best" : ""}${now ? " now" : ""}${c.resolved ? "" : " coarse"}`, "data-cell": k,
          title: `${c.length}, epsilon² ${c.epsilon2}: misfit ${short(c.score)}, mean ${short(c.bias)}${c.resolved ? "" : "; the length is under two steps of the product's grid"}${now ? "; this is in the recipe" : ""}`,
          onclick: () => send({do: "use", cell: k}),
        }, drawn.get(c.image), make("div", {class: "bar"}, bar), make("div", {class: "score"}, make("span", {}, short(c.score)), k === s.best ? make("i", {}, "best") : now ? "recipe" : c.resolved ? "" : "too short")))
      }
    }
    grid.replaceChildren(...(s.cells.length ? nodes : []))
    const images = new Set(s.cells.map((c) => c.image))
    for (const key of drawn.keys()) if (!images.has(key)) drawn.delete(key)
  }

  model.on("state", show)
  show()
  return frame(model, make("div", {class: "line"}, make("label", {}, "Horizontal lengths", lengths), make("label", {}, "Noise (epsilon²)", epsilons), run, stop), said, grid)
}

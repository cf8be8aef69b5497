// The bar over the map: name and tools of the recipe, and the sliders of the preview.

export function render({model}) {
  const send = (said) => model.send_msg(said)
  const name = make("div", {class: "name"})
  const tool = (does, title, hint) => make("button", {type: "button", title: hint, onclick: () => send({do: does})}, title)
  const save = tool("save", "Save", "Keep this recipe under a name")
  const recipes = tool("recipes", "Recipes", "Open, compare, show as text")
  const fresh = tool("new", "New", "A recipe that suits the collection")
  const study = tool("study", "Parameter study", "Lengths and noise side by side, judged by cross-validation")
  const share = make("button", {type: "button", title: "Copy a link that opens this recipe and view", onclick: () => {
    copy_text(window.location.href)
    share.textContent = "Copied"
    setTimeout(() => { share.textContent = "Copy link" }, 1500)
  }}, "Copy link")
  const head = make("div", {class: "line"}, name, save, recipes, fresh, make("span", {class: "grow"}), study, share)

  const previews = make("div", {class: "chips", role: "group", "aria-label": "What the map shows"})
  const whole = make("button", {type: "button", class: "plain", title: "Look at the whole domain", onclick: () => send({do: "whole"})}, "Zoom to domain")
  const wait = make("i", {class: "wait", role: "status", "aria-label": "Computing"})
  const time = slider("Time", "", (n) => send({time: n + 1}), () => model.state.times ?? [])
  const depth = slider("Level", "depth", (n) => send({level: model.state.depths[n]}), () => (model.state.depths ?? []).map((d) => `${number(d)} m`))
  const told = make("div", {class: "told", "aria-live": "polite"})

  function slider(title, kind, chosen, labels) {
    const input = make("input", {type: "range", min: "0", max: "0", step: "1", "aria-label": title})
    const output = make("output", {class: kind})
    // While it moves a preview is asked for every 120 ms; what is older is taken back.
    let timer = null, last = 0, held = false
    // What the server says is older than what was chosen last, until it says that.
    let wanted = null, since = 0
    const tell = () => {
      const n = Number(input.value)
      wanted = n
      since = performance.now()
      clearTimeout(timer)
      const rest = Math.max(0, 120 - (performance.now() - last))
      timer = setTimeout(() => { last = performance.now(); chosen(n) }, rest)
    }
    const step = (by) => { input.value = String(Number(input.value) + by); say(); tell() }
    const say = () => { output.textContent = labels()[Number(input.value)] ?? "–" }
    input.addEventListener("pointerdown", () => { held = true })
    for (const end of ["pointerup", "pointercancel", "blur"]) input.addEventListener(end, () => { held = false })
    input.addEventListener("input", () => { say(); tell() })
    const node = make("div", {class: "slide"}, title,
      make("button", {type: "button", "aria-label": `${title} before`, onclick: () => step(-1)}, "‹"), input,
      make("button", {type: "button", "aria-label": `${title} after`, onclick: () => step(1)}, "›"), output)
    node.put = (n) => {
      input.max = String(Math.max(labels().length - 1, 0))
      if (n === wanted || performance.now() - since > 5000) wanted = null
      if (!held && wanted === null) input.value = String(Math.max(n, 0))
      node.hidden = labels().length < 2 && title === "Level"
      say()
    }
    return node
  }

  function show() {
    const s = model.state
    name.replaceChildren(s.name || "New recipe", s.changed && s.name ? make("i", {}, " · changed") : make("i", {}, s.name ? "" : " · not saved"))
    name.title = s.name || ""
    save.disabled = study.disabled = !s.right
    previews.replaceChildren(...(model.form.previews ?? []).map(([key, title]) => make("button", {
      type: "button", "aria-pressed": String(key === s.preview), onclick: () => send({preview: key}),
    }, title)))
    wait.classList.toggle("on", Boolean(s.busy))
    time.put((s.time ?? 1) - 1)
    const depths = s.depths ?? []
    let near = 0
    depths.forEach((d, k) => { if (Math.abs(d - s.level) < Math.abs(depths[near] - s.level)) near = k })
    depth.put(near)
    told.textContent = s.error || (s.right === false ? "Something in the recipe is wrong: see the form on the left. The map shows the last one that was right." : s.about ?? "")
    told.title = (s.notes ?? []).join("\n")
    told.classList.toggle("wrong", Boolean(s.error))
  }

  model.on("state", show)
  model.on("form", show)
  show()
  return frame(model, head, make("div", {class: "line"}, previews, time, depth, wait), make("div", {class: "foot"}, told, whole))
}

// The dialog "Export what is seen": what, as what, how it looks, and what it will look like.

const HOW = {Data: "The values, with where they come from", Figure: "For a paper: letters stay letters, 300 dots an inch", Animation: "All steps or levels, made as a job", Python: "The lines that repeat it"}
const WIDTHS = [["one", "One column (88 mm)"], ["two", "Two columns (180 mm)"]]

export function render({model}) {
  const send = (said) => model.send_msg(said)
  const choose = (chosen) => send({do: "choose", chosen})

  // ---- what, and as what ----
  const list = make("div", {class: "list", role: "listbox", "aria-label": "What"})
  const forms = make("div", {class: "forms"})

  // ---- how it looks ----
  const check = (name, title, hint) => {
    const input = make("input", {type: "checkbox", onchange: () => choose({[name]: input.checked})})
    const node = make("label", {class: "check", title: hint}, input, title)
    node.input = input
    return node
  }
  const title = make("input", {"aria-label": "Title", placeholder: "Title: what is shown", maxlength: "200", oninput: later(() => choose({title: title.value}), 500)})
  const width = make("select", {"aria-label": "Width", onchange: () => choose({width: width.value})})
  const masked = make("select", {"aria-label": "Masked cells", onchange: () => choose({masked: masked.value})})
  const along = make("select", {"aria-label": "Along", onchange: () => choose({along: along.value})})
  const fps = make("select", {"aria-label": "Frames a second", onchange: () => choose({fps: Number(fps.value)})})
  const titled = check("titled", "Title")
  const captioned = check("captioned", "Caption", "What it is, product, version, DOI, mask, interpolation")
  const contours = check("contours", "Contours", "Lines of equal value")
  const dots = check("dots", "Observations", "Within the window of the dots, or near place and line")
  const stretched = check("stretched", "More room for the upper water", "Depth by its square root")
  const zoomed = check("zoomed", "Part in view only", "As far as the map on the page reaches")
  const overlay = check("overlay", "Place, line and area")
  const cells = make("label", {class: "named"}, "Masked cells", masked)
  const moves = make("label", {class: "named"}, "Along", along)
  const speed = make("label", {class: "named"}, "Frames a second", fps)
  const sheet = make("label", {class: "named"}, "Width", width)
  const checks = make("div", {class: "checks"}, titled, captioned, contours, dots, stretched, zoomed, overlay)
  const look = make("div", {}, make("h4", {}, "Look"), sheet, cells, moves, speed, title, checks)

  // ---- what it will be ----
  const picture = make("img", {alt: "Preview of the figure"})
  const video = make("video", {controls: true, loop: true, autoplay: true, muted: true, playsInline: true, "aria-label": "The animation"})
  const sentence = make("p", {class: "wrong", role: "status"})
  const drawing = make("span", {class: "drawing", role: "status"}, "Drawing …")
  const paper = make("div", {class: "paper"}, picture, video, sentence, drawing)
  const told = make("p", {class: "grow"})
  const code = make("pre", {tabindex: "0", "aria-label": "Python"})
  const write = make("button", {class: "main", onclick: () => { write.disabled = true; send({do: "write"}) }})
  const copy = make("button", {class: "also", onclick: () => { copy_text(code.textContent); copy.textContent = "Copied"; setTimeout(() => { copy.textContent = "Copy Python" }, 1500) }}, "Copy Python")
  const python = make("details", {}, make("summary", {}, "Python that repeats it"), code)

  // ---- a job ----
  const bar = make("progress", {max: "1", "aria-label": "Progress of the animation"})
  const job_text = make("span", {class: "grow", role: "status"})
  const cancel = make("button", {onclick: () => send({do: "cancel"})}, "Cancel")
  const link = make("a", {download: true})
  const job = make("div", {class: "line job", hidden: true}, bar, link, job_text, cancel)

  const right = make("div", {class: "right"}, paper, python, job, make("div", {class: "line foot"}, told, copy, write))
  const node = frame(model, make("div", {class: "sides"},
    make("div", {class: "left"}, make("h4", {}, "What"), list, make("h4", {}, "As"), forms, look), right))

  let was_figure = true

  function show() {
    const s = model.state
    const chosen = s.chosen ?? {}
    const items = s.items ?? []
    list.replaceChildren(...items.map(([key, name]) => make("button", {
      role: "option", "aria-selected": String(key === chosen.key), onclick: () => choose({key}),
    }, name)))
    const groups = {}
    for (const [key, name, group] of s.formats ?? []) (groups[group] ??= []).push([key, name])
    forms.replaceChildren(...Object.entries(groups).map(([group, options]) => make("div", {class: "chips", role: "group", "aria-label": group, title: HOW[group]},
      ...options.map(([key, name]) => make("button", {"aria-pressed": String(key === chosen.format), onclick: () => choose({format: key})}, name)))))
    const group = (s.formats ?? []).find(([key]) => key === chosen.format)?.[2] ?? "Data"
    const figure = group === "Figure", moving = group === "Animation"
    look.hidden = group === "Data"
    offer(width, WIDTHS, chosen.width)
    offer(masked, [["hatched", "Hatched"], ["blank", "Left blank"]], chosen.masked)
    offer(along, s.along ?? [], chosen.along)
    offer(fps, [1, 2, 4, 8, 12].map((n) => [String(n), String(n)]), String(chosen.fps))
    if (node.getRootNode().activeElement !== title) title.value = chosen.title ?? ""
    title.hidden = !chosen.titled
    for (const [name, box] of Object.entries({titled, captioned, contours, dots, stretched, zoomed, overlay})) box.input.checked = Boolean(chosen[name])
    const field = ["map", "hovmoller", "section", "area"].includes(s.kind)
    cells.hidden = s.kind !== "map" || !s.masked
    moves.hidden = speed.hidden = !moving
    contours.hidden = !field
    dots.hidden = !((figure || moving) && s.dots)
    dots.lastChild.textContent = s.dots_are ?? "Observations"
    zoomed.hidden = !(s.kind === "map" && s.zoomed)
    stretched.hidden = !["profile", "section", "hovmoller", "area"].includes(s.kind)
    overlay.hidden = !((figure || moving) && s.kind === "map" && items.length > 1)
    const made = moving ? s.animation?.address ?? "" : ""
    const film = s.animation?.name?.endsWith(".gif") ? made : ""
    const moved = made && !film ? made : ""
    const shown = film || (figure ? s.preview : "")
    paper.hidden = !figure && !made
    picture.hidden = !shown
    video.hidden = !moved
    if (moved && video.getAttribute("src") !== moved) video.src = moved
    if (!moved) video.removeAttribute("src")
    if (shown && picture.getAttribute("src") !== shown) picture.src = shown
    picture.alt = film ? "The animation" : "Preview of the figure"
    sentence.hidden = !s.sentence
    sentence.textContent = s.sentence ?? ""
    drawing.hidden = !s.drawing
    paper.classList.toggle("busy", Boolean(s.drawing))
    python.hidden = moving || chosen.format === "obs" || !s.python
    copy.hidden = python.hidden
    if (figure !== was_figure) python.open = !figure
    was_figure = figure
    code.textContent = s.python ?? ""
    told.textContent = figure || !items.length ? "" : moving ? "All frames have the same colours and layout." : HOW[group] + "."
    write.textContent = figure ? "Write figure" : moving ? "Make animation" : "Write data"
    write.disabled = Boolean(s.busy) || !items.length || (moving && Boolean(s.animation?.running)) || (figure && Boolean(s.sentence))
    show_job(s.animation ?? {})
  }

  function show_job(told) {
    job.hidden = !Object.keys(told).length
    bar.hidden = cancel.hidden = !told.running
    if (told.total) { bar.max = told.total; bar.value = told.done } else bar.removeAttribute("value")
    link.hidden = !told.address
    if (told.address) { link.href = told.address; link.setAttribute("download", told.name) }
    link.textContent = told.name ?? ""
    job_text.textContent = told.text ?? ""
    job_text.classList.toggle("wrong", Boolean(told.wrong))
  }

  model.on("state", show)
  show()
  return node
}

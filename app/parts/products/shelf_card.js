// The card of the product in view: what it is, where it comes from, how it is read.

const KINDS = {time: "time", depth: "depth", lat: "latitude", lon: "longitude"}

export function render({model}) {
  const send = (does) => model.send_msg({do: does})
  const button = (title, does, hint, kind = "also") => make("button", {type: "button", class: kind, title: hint, onclick: () => send(does)}, title)
  const head = make("div", {class: "head"}, make("h3", {}, "Product"),
    button("Shelf", "shelf", "Products that this server knows"), button("Open …", "open", "Open a file, a folder or an address"))
  const busy = make("p", {role: "status"})
  const said = make("div", {class: "said", role: "alert", hidden: true})
  const body = make("div", {class: "card"})
  let drawn = ""
  const folds = {}

  function fold(key, title, ...children) {
    const node = make("details", {open: folds[key], ontoggle: () => { folds[key] = node.open }}, make("summary", {}, title), ...children)
    return node
  }

  function pairs(rows) {
    return make("dl", {}, ...rows.flatMap(([name, text]) => [make("dt", {}, name), make("dd", {}, text)]))
  }

  function copies(c) {
    const node = make("div", {class: `copies ${c.state}`}, make("i", {class: "lamp"}), make("span", {}, c.words))
    if (c.state === "running" && c.share !== undefined) {
      const part = make("i")
      part.style.width = `${Math.round(100 * (c.share ?? 0))}%`
      node.append(make("div", {class: "bar", role: "progressbar", "aria-label": "Preparation", "aria-valuenow": Math.round(100 * (c.share ?? 0))}, part))
    }
    if (c.said) node.append(make("span", {class: "wrong", role: "alert"}, c.said))
    if (c.can === "resume") node.append(button("Go on", "prepare", "It goes on where it was", "also"))
    if (c.can === "cancel") node.append(button("Cancel", "cancel", "What is made so far is kept", "plain"))
    if (c.can === "prepare") node.append(button("Prepare", "prepare", "Make the copies in the background", "also"))
    if (c.can === "again") node.append(button("Try again", "prepare", "It goes on where it was", "also"))
    return node
  }

  function show() {
    const s = model.state
    const p = s.product
    busy.hidden = !s.opening
    busy.textContent = s.opening ? `Opening ${s.name || "the product"} …` : ""
    const trouble = s.error || s.lost
    said.hidden = !trouble || s.opening
    said.replaceChildren(trouble, s.lost && !s.error ? button("Open again", "again", "Read the file as it is now", "main") : s.name && s.error ? button("Try again", "again", "Open it once more", "also") : "")
    if (s.error && /dimension|axis|variable/.test(s.error)) said.append(button("Say what is what", "roles", "Which dimension is what", "also"))
    const key = JSON.stringify([p, s.copies, s.error, s.opening])
    if (key === drawn) return
    drawn = key
    if (!p) {
      body.replaceChildren(s.opening || s.error ? "" : make("p", {}, "Nothing is open. Take a product from the shelf, or open a file of gridded fields: NetCDF, Zarr, or an OPeNDAP address."))
      return
    }
    body.replaceChildren(
      make("div", {class: "title"}, make("b", {title: p.name}, p.title), p.version ? make("span", {class: "version", title: "Version of the product"}, /^\d/.test(p.version) ? `v${p.version}` : p.version) : ""),
      make("div", {class: "parameter"}, p.parameter),
      pairs(p.rows),
      ...(p.warnings.length ? [make("ul", {class: "warnings", "aria-label": "What to know"}, ...p.warnings.map((text) => make("li", {}, text)))] : []),
      ...(s.copies?.state ? [copies(s.copies)] : []),
      fold("from", "Provenance", ...(p.abstract ? [make("p", {}, p.abstract)] : []), pairs(p.provenance)),
      fold("axes", "Dimensions and variables",
        pairs(p.axes.map(([dim, kind]) => [dim, KINDS[kind] ?? kind])),
        make("p", {}, `Fields: ${p.fields.join(", ")}`), button("Correct …", "roles", "Say what each dimension and variable is")),
    )
  }

  model.on("state", show)
  show()
  const node = frame(model, head, busy, said, body)
  node.classList.remove("tall")
  return node
}

// The dialog that opens products: the shelf, files of this machine, sent files, addresses.

const PANES = {shelf: "On the shelf", files: "Files of this machine", send: "Send a file", address: "Address"}

export function render({model}) {
  const send = (said) => model.send_msg(said)
  const tabs = make("div", {class: "tabs", role: "tablist"}, ...Object.entries(PANES).map(([key, title]) =>
    make("button", {type: "button", role: "tab", "data-pane": key, onclick: () => send({do: "pane", text: key})}, title)))
  const said = make("p", {class: "wrong", role: "alert", hidden: true})
  const doubt = make("button", {type: "button", class: "also", hidden: true, onclick: () => send({do: "correct"})}, "Say what its dimensions are …")
  const busy = make("div", {class: "line busy", role: "status", hidden: true}, make("span", {class: "grow"}),
    make("button", {type: "button", onclick: () => send({do: "cancel"})}, "Cancel"))

  // ---- shelf ----
  const search = make("input", {type: "search", "aria-label": "Search products", placeholder: "Search by name, parameter, area, year …", oninput: () => list_rows()})
  const count = make("span", {class: "quiet"})
  const list = make("div", {class: "list", role: "list"})
  const shelf = make("div", {class: "pane"}, make("div", {class: "line"}, search, count), list)

  function row(one, now) {
    const open = () => send({do: "choose", text: one.id})
    const facts = one.error ? [make("div", {class: "wrong"}, one.error)] : [
      make("div", {}, one.parameter || (one.waits ? "reading …" : one.remote ? "on a server" : "")),
      make("div", {class: "quiet"}, [one.area, one.period, one.size].filter(Boolean).join(" · ")),
    ]
    const node = make("div", {class: `row${one.id === now ? " now" : ""}`, role: "listitem", tabindex: "0", "data-id": one.id, onclick: open,
      onkeydown: (e) => { if (e.key === "Enter" && e.target === node) open() }},
      make("div", {class: "grow"}, make("div", {class: "line"}, make("b", {}, one.title || one.name),
        one.version ? make("span", {class: "version"}, /^\d/.test(one.version) ? `v${one.version}` : one.version) : "",
        one.id === now ? make("span", {class: "quiet"}, "in view") : ""),
        one.title ? make("div", {class: "quiet"}, one.name) : "", ...facts),
      one.clears && model.state.clears ? make("button", {type: "button", class: "plain", title: `Take it off the shelf (opened ${one.added}); its file stays`, "aria-label": `Take ${one.name} off the shelf`,
        onclick: (e) => { e.stopPropagation(); send({do: "remove", text: one.id}) }}, "×") : "")
    return node
  }

  function list_rows() {
    const rows = model.state.rows ?? []
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean)
    const text = (one) => [one.title, one.name, one.parameter, one.area, one.period, one.version && `v${one.version}`, one.size].join(" ").toLowerCase()
    const found = rows.filter((one) => words.every((word) => text(one).includes(word)))
    count.textContent = words.length ? `${number(found.length)} of ${counted(rows.length, "product")}` : counted(rows.length, "product")
    list.replaceChildren(...found.map((one) => row(one, model.state.now)))
    if (!rows.length) list.append(make("p", {}, "The shelf is empty: open a file, send one, or let an analysis make a product."))
    else if (!found.length) list.append(make("p", {}, "No product has all these words."))
  }

  // ---- files ----
  const enter = (field, act) => (e) => { if (e.key === "Enter" && field().value.trim()) act() }
  const open_path = () => send({do: "open", text: path.value})
  const path = make("input", {class: "grow", "aria-label": "Path on this machine", spellcheck: "false", placeholder: "/data/temperature.nc, or /data/temperature_*.nc for several files as one", onkeydown: enter(() => path, open_path)})
  const go = make("button", {type: "button", class: "main", onclick: open_path}, "Open")
  const where = make("div", {class: "line where"})
  const entries = make("div", {class: "entries"})
  const files = make("div", {class: "pane"}, make("div", {class: "line"}, path, go),
    make("p", {}, "A folder of NetCDF files and a Zarr store are opened as one product; so are several files by a name with *."), where, entries)
  const join = (folder, name) => folder.endsWith("/") ? folder + name : `${folder}/${name}`
  let listed = null

  function browse(f) {
    if (listed === f.folder) return
    listed = f.folder
    path.value = f.folder
    where.replaceChildren(make("button", {type: "button", title: "Folder above", "aria-label": "Folder above", onclick: () => send({do: "look", text: f.parent})}, "↑"), make("span", {class: "grow"}, f.folder))
    entries.replaceChildren(...f.entries.map((one) => {
      const whole = join(f.folder, one.name)
      return make("button", {type: "button", class: one.kind, onclick: () => {
        path.value = whole
        if (one.kind === "folder") send({do: "look", text: whole})
      }, ondblclick: () => { if (one.kind !== "folder") open_path() }}, make("span", {class: "grow"}, one.kind === "folder" ? `${one.name}/` : one.name), make("span", {class: "quiet"}, one.kind === "zarr" ? "Zarr" : one.size ?? ""))
    }))
    if (!f.entries.length) entries.append(make("p", {}, "No folder and no NetCDF file (.nc, .nc4, .cdf, .grd) here."))
    if (f.more) entries.append(make("p", {}, `${counted(f.more, "more entry").replace("entrys", "entries")} not shown; type the path.`))
  }

  // ---- send, address ----
  const ready = make("span", {class: "grow"})
  const sent = make("div", {class: "line"}, ready, make("button", {type: "button", class: "main", onclick: () => send({do: "sent"})}, "Open"))
  const send_pane = make("div", {class: "pane short"}, make("p", {}, "What you send is kept among the products of this server."), sent)
  const ask = () => send({do: "open", text: address.value})
  const address = make("input", {class: "grow", type: "url", "aria-label": "OPeNDAP address", spellcheck: "false", placeholder: "https://server.example/opendap/product.nc", onkeydown: enter(() => address, ask)})
  const address_pane = make("div", {class: "pane"}, make("div", {class: "line"}, address, make("button", {type: "button", class: "main", onclick: ask}, "Open")),
    make("p", {}, "The address of a data set on an OPeNDAP server (THREDDS, Hyrax, ERDDAP griddap), without .html, .dds or .das. Only what you look at is fetched."),
    make("p", {}, "This server asks only hosts that whoever runs it has allowed."))

  const panes = {shelf, files, send: send_pane, address: address_pane}

  function show() {
    const s = model.state
    if (!s.panes) return
    for (const tab of tabs.children) {
      tab.hidden = !s.panes.includes(tab.dataset.pane)
      tab.setAttribute("aria-selected", String(tab.dataset.pane === s.pane))
    }
    for (const [key, pane] of Object.entries(panes)) pane.hidden = key !== s.pane || Boolean(s.busy)
    said.hidden = !s.said
    said.textContent = s.said
    doubt.hidden = !s.doubt
    busy.hidden = !s.busy
    busy.firstChild.textContent = s.busy ? `Opening ${s.busy} …` : ""
    list_rows()
    if (s.folder?.folder) browse(s.folder)
    ready.textContent = s.sent
    sent.hidden = !s.sent
  }

  model.on("state", show)
  show()
  const node = frame(model, tabs, said, doubt, busy, ...Object.values(panes))
  node.classList.remove("tall")
  return node
}

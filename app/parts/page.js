// What every page needs from the start: steps of the back button, and a mend of BokehJS.

// The address follows the view, and the back button takes one step of the visitor: another tab,
// product or review. A view that was only moved takes the place of the one before.
const STEPS = ["tab", "sub", "product", "review"]
const OPENED = ["product", "review"] // chosen by itself at first, which is no step

function is_step(from, to) {
  const [a, b] = [from, to].map((address) => new URL(address, location.href).searchParams)
  return STEPS.some((key) => a.get(key) !== b.get(key) && (a.get(key) || !OPENED.includes(key)))
}

function keep_steps() {
  if (globalThis.sdcvizSteps) return
  globalThis.sdcvizSteps = true
  const push = history.pushState.bind(history)
  let going = false
  history.pushState = (state, title, address) => {
    if (going) return // it is the address that one has just come to
    const how = is_step(location.href, address) ? push : history.replaceState.bind(history)
    how(state, title, address)
  }
  // Panel's model of the address does not hear of the back button by itself.
  window.addEventListener("popstate", () => {
    const models = [...(globalThis.Bokeh?.documents ?? [])].flatMap((d) => [...d._all_models.values()])
    const address = models.find((m) => m.type?.endsWith("Location"))
    if (!address) return
    going = true
    try {
      address.search = location.search
    } finally {
      going = false
    }
  })
}

// BokehJS takes models that the server has just sent for new ones of the page, and sends all of
// them back with its next change (the server: "reference already known").
function know_what_was_sent() {
  const kind = Object.getPrototypeOf(globalThis.Bokeh?.documents?.[0] ?? {})
  const apply = kind._apply_json_patch
  if (!apply || kind.sdcviz_knows) return
  kind.sdcviz_knows = true
  kind._apply_json_patch = function (patch, buffers) {
    const own = new Set(this._new_models)
    try {
      return apply.call(this, patch, buffers)
    } finally {
      for (const model of this._new_models ?? []) if (!own.has(model)) this._new_models.delete(model)
    }
  }
}

keep_steps()
know_what_was_sent()

// Keys of the Quality tab. They do not fire while something is typed or a dialog is open.

const KEYS = [
  ["Flags", [
    ["1 … 9, A, Q", "set the flag of the picked samples"],
    ["C", "choose the reason"],
    ["U / R", "undo / redo your own changes"],
  ]],
  ["Stations", [
    ["N / P", "next / previous station of the queue"],
    ["F", "go to the next finding in this station"],
    ["S", "swap the two profiles: flag the other parameter"],
  ]],
  ["Picking", [
    ["↓ / ↑", "move the pick along the profile (Shift adds)"],
    ["B / L / M", "drag draws a box / a lasso / moves the plot"],
    ["Esc", "pick nothing"],
  ]],
  ["Plots", [
    ["wheel", "zoom; over an axis, only that axis"],
    ["Z", "show all samples again"],
  ]],
]

const TYPING = "input, textarea, select, [contenteditable=''], [contenteditable=true], [role=textbox], [role=combobox], [role=listbox], [role=menu], [role=dialog]"

function is_typing(event) {
  for (const node of event.composedPath()) {
    if (!(node instanceof Element)) continue
    if (node.matches(TYPING)) return true
    if (node.matches(".tabulator") && event.key.startsWith("Arrow")) return true
  }
  return false
}

// Returns what takes the keys away again.
function listen(root, conductor, bar) {
  const flags = new Set([..."123456789AQ"])
  const doing = {
    n: () => conductor.step(1),
    p: () => conductor.step(-1),
    c: () => bar.choose_reason(),
    u: () => conductor.undo(),
    r: () => conductor.redo(),
    f: () => conductor.next_finding(),
    s: () => conductor.swap(),
    b: () => conductor.drag("box"),
    l: () => conductor.drag("lasso"),
    m: () => conductor.drag("pan"),
    z: () => ["a", "b", "c", "d"].forEach((plot) => conductor.plots.whole(plot)),
    "?": () => bar.help(),
    ArrowDown: (event) => conductor.walk(1, event.shiftKey),
    ArrowUp: (event) => conductor.walk(-1, event.shiftKey),
    Escape: () => bar.close_all() || conductor.pick([], {from: "keys"}),
  }
  const heard = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    if (!root.isConnected || !conductor.playing || is_typing(event)) return
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
    if (flags.has(key.toUpperCase())) conductor.set_flag(key.toUpperCase())
    else if (doing[key]) doing[key](event)
    else return
    event.preventDefault()
  }
  document.addEventListener("keydown", heard)
  return () => document.removeEventListener("keydown", heard)
}

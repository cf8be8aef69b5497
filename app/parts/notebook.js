// A link that looks like a button: only what the browser itself does with a click opens a tab in
// all browsers. The tab waits at its address until the notebook is there.

export function render({model}) {
  const link = document.createElement("a")
  link.target = "_blank"
  link.rel = "noopener"
  link.textContent = "Open in Jupyter"
  const draw = () => {
    link.href = model.address
    link.setAttribute("aria-disabled", String(model.busy))
    link.className = model.dark ? "dark" : ""
  }
  link.addEventListener("click", (event) => {
    if (model.busy) event.preventDefault()
    else model.send_msg({start: true})
  })
  model.on("address", draw)
  model.on("busy", draw)
  model.on("dark", draw)
  draw()
  return link
}

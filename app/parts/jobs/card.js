// The card of one job: state, progress, what it uses, what can be done, its log.

const DOES = {
  pause: ["Pause", "Stop in the middle; its memory stays taken"],
  resume: ["Resume", "Let it go on"],
  hibernate: ["Sleep", "End for now and free its memory; it goes on from what is finished"],
  wake: ["Wake", "Go on from what is finished"],
  cancel: ["Cancel", "End it for good; what is finished is kept for a new run of the same recipe"],
}

const PLACES = {local: "On this server", docker: "In a container", slurm: "On the cluster", kubernetes: "On Kubernetes", julia: "DIVAnd.jl in a container"}

// Only what the browser itself does with a click opens a tab in all browsers: the notebook is
// promised at this address, and the tab waits there.
function notebook_link(title, hint, started) {
  return make("a", {target: "_blank", rel: "noopener", title: hint, onclick: (event) => {
    // Once for each address: the next one is on its way.
    if (event.currentTarget.getAttribute("aria-disabled") === "true") { event.preventDefault(); return }
    event.currentTarget.setAttribute("aria-disabled", "true")
    started()
  }}, title)
}

function lead(link, address) {
  if (link.getAttribute("href") === address) return
  link.setAttribute("href", address)
  link.removeAttribute("aria-disabled")
}

function job_card(send) {
  const title = make("div", {class: "title"})
  const state = make("div", {class: "state", role: "status"})
  const part = make("i")
  const bar = make("div", {class: "bar", role: "progressbar", "aria-label": "Progress"}, part)
  const cells = make("div", {class: "cells", "aria-hidden": "true"})
  const now = make("div", {class: "small"})
  const reason = make("div", {class: "small"})
  const used = make("div", {class: "small"})
  const does = make("div", {class: "does"})
  const log = make("pre", {class: "log", tabindex: "0", "aria-label": "Log", hidden: true})
  const node = make("div", {class: "job"}, make("div", {class: "top"}, title, state), bar, cells, now, reason, used, does, log)
  const jupyter = notebook_link("Open in Jupyter", "A notebook with the recipe and the product of this run", () => send({do: "notebook", id: node.dataset.id}))
  let sure = false
  let drawn = ""

  function button(name, text, hint, act, pressed) {
    return make("button", {type: "button", title: hint, "aria-pressed": pressed, onclick: act}, text)
  }

  node.put = (job, {log_text = "", log_open = false, link = "", notebook = ""} = {}) => {
    lead(jupyter, notebook)
    const key = JSON.stringify([job, log_open, link])
    if (key !== drawn) draw(job, log_open, link)
    drawn = key
    log.hidden = !log_open
    if (log_open && log.textContent !== (log_text || "Nothing written yet.")) {
      // Follows the end, unless one has scrolled up to read.
      const follows = log.scrollHeight - log.scrollTop - log.clientHeight < 24
      log.textContent = log_text || "Nothing written yet."
      if (follows) log.scrollTop = log.scrollHeight
    }
  }

  function draw(job, log_open, link) {
    node.dataset.id = job.id
    node.dataset.state = job.state
    title.textContent = job.title
    state.textContent = job.words
    state.className = `state ${job.state}`
    const known = job.total > 0
    const share = job.state === "done" ? 1 : known ? job.done / job.total : 0
    part.style.width = known || job.over ? `${100 * share}%` : ""
    bar.hidden = job.over
    bar.classList.toggle("open", !known && !job.over)
    bar.classList.toggle("still", ["paused", "hibernated", "queued"].includes(job.state))
    bar.setAttribute("aria-valuenow", String(Math.round(100 * share)))
    const few = known && job.total <= 36 && job.kind === "divand" && !job.over
    cells.hidden = !few
    if (few) {
      cells.replaceChildren(...Array.from({length: job.total}, (_, k) => make("i", {class: k < job.done ? "on" : null, title: job.slices[k] ?? ""})))
    }
    const where = known && !job.over ? `${number(job.done)} of ${number(job.total)}` : ""
    now.textContent = [where, job.over ? "" : job.text, job.left].filter(Boolean).join(" · ")
    now.hidden = !now.textContent
    reason.textContent = job.reason || job.summary
    reason.hidden = !reason.textContent
    reason.classList.toggle("wrong", ["failed", "lost"].includes(job.state))
    const last = job.over ? job.ended : job.expected
    used.replaceChildren([PLACES[job.engine] ?? job.engine, job.used].filter(Boolean).join(" · "), ...(last ? [" · ", make("span", {class: "whole"}, last)] : []))
    const acts = job.can.map((name) => {
      if (name === "cancel" && sure) {
        return button(name, "Really cancel?", DOES[name][1], () => { sure = false; send({do: name, id: job.id}) })
      }
      return button(name, DOES[name][0], DOES[name][1], () => {
        if (name !== "cancel") { send({do: name, id: job.id}); return }
        sure = true
        draw(job, log_open, link)
        setTimeout(() => { sure = false; drawn = "" ; draw(job, log_open, link) }, 4000)
      })
    })
    if (job.product) {
      acts.push(button("products", "Show in Products", "Maps, profiles, sections, beside the observations", () => send({do: "products", id: job.id})))
      acts.push(button("show", "Show product", "A quick look on the map of its recipe", () => send({do: "show", id: job.id})))
      acts.push(link ? make("a", {href: link, download: true}, "Download NetCDF") : button("offer", "NetCDF", "Prepare the download", () => send({do: "offer", id: job.id})))
    }
    if (job.kind === "divand") acts.push(button("recipe", "Recipe", "Open the recipe of this run", () => send({do: "recipe", id: job.id})))
    if (job.product) acts.push(jupyter)
    acts.push(button("log", log_open ? "Hide log" : "Log", "What it wrote", () => send({do: "log", id: log_open ? "" : job.id}), String(log_open)))
    does.replaceChildren(...acts)
  }

  return node
}

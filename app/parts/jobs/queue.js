// The list of jobs: one card each, made once and then kept up to date.

export function render({model}) {
  const send = (said) => model.send_msg(said)
  const said = make("p", {class: "wrong", role: "alert", hidden: true})
  const empty = make("p", {}, "No job yet. What takes longer runs in the background and is listed here: it goes on when you close the page.")
  const list = make("div", {role: "list", "aria-label": "Jobs"})
  const more = make("p")
  const cards = new Map()

  function show() {
    const s = model.state
    if (!s.jobs) return
    said.textContent = s.said ?? ""
    said.hidden = !s.said
    empty.hidden = s.jobs.length > 0
    for (const job of s.jobs) {
      if (!cards.has(job.id)) cards.set(job.id, job_card(send))
      cards.get(job.id).put(job, {log_text: s.log, log_open: s.reads === job.id, link: s.links?.[job.id] ?? ""})
    }
    const wanted = s.jobs.map((job) => cards.get(job.id))
    // Only what has changed its place is moved: a button under the pointer stays.
    wanted.forEach((card, k) => { if (list.children[k] !== card) list.insertBefore(card, list.children[k] ?? null) })
    while (list.children.length > wanted.length) list.lastChild.remove()
    more.textContent = s.more ? `and ${number(s.more)} older ones: sdcviz job list` : ""
    more.hidden = !s.more
  }

  model.on("state", show)
  show()
  return frame(model, make("h3", {}, "Jobs"), said, empty, list, more)
}

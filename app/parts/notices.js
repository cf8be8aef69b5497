// A bell with the number of notices that were not seen, and their list. Texts come from jobs
// and people: they are only ever set as text.

const BELL =
  "M12 22a2 2 0 0 0 2-2h-4a2 2 0 0 0 2 2Zm6-6v-5c0-3.1-1.6-5.6-4.5-6.3V4a1.5 1.5 0 0 0-3 0v.7C7.6 5.4 6 7.9 6 11v5l-2 2v1h16v-1l-2-2Z"

function made(tag, name, text) {
  const node = document.createElement(tag)
  if (name) node.className = name
  if (text !== undefined) node.textContent = text
  return node
}

function item(row, press) {
  const node = made("button", `item ${row.state}${row.seen ? "" : " fresh"}`)
  node.type = "button"
  const head = made("b", "", `${row.title} ${row.words}`)
  node.append(head, made("time", "", row.when))
  if (row.text) node.append(made("p", "", row.text))
  if (row.trouble) node.append(made("p", "trouble", row.trouble))
  node.addEventListener("click", press)
  return node
}

function box(label) {
  const node = made("label", "", label)
  const input = document.createElement("input")
  input.type = "checkbox"
  node.prepend(input)
  return [node, input]
}

// Where mails go and about what; Python answers with `wishes` as they are kept.
function wishes_form(model) {
  const form = made("form", "wishes")
  const mail = document.createElement("input")
  mail.type = "text"
  mail.placeholder = "Mail address, empty for none"
  mail.setAttribute("aria-label", "Mail address")
  const [done_label, done] = box("done")
  const [failed_label, failed] = box("failed")
  const save = made("button", "all", "Save")
  save.type = "submit"
  form.append(made("span", "", "Mail me about jobs that are"), done_label, failed_label, mail, save)
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    model.send_msg({wishes: {mail: mail.value, done: done.checked, failed: failed.checked}})
  })
  const draw = () => {
    mail.value = model.wishes.mail ?? ""
    done.checked = Boolean(model.wishes.done)
    failed.checked = Boolean(model.wishes.failed)
  }
  model.on("wishes", draw)
  draw()
  return form
}

export function render({model}) {
  const root = made("div", "notices")
  const bell = made("button", "bell")
  bell.type = "button"
  bell.innerHTML = `<svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true"><path d="${BELL}"/></svg>`
  const count = made("span", "count")
  bell.append(count)
  const list = made("div", "list")
  list.setAttribute("role", "dialog")
  list.setAttribute("aria-label", "Notices")
  const body = made("div", "body")
  const all = made("button", "all", "Mark all as read")
  all.type = "button"
  all.addEventListener("click", () => model.send_msg({read: true}))
  const head = made("header", "", "Notices")
  head.append(all)
  list.append(head, body, wishes_form(model))
  root.append(bell, list)

  const show = (open) => {
    list.hidden = !open
    bell.setAttribute("aria-expanded", String(open))
    if (!open) return
    // Over everything else: the top bar cuts off what stands out of it.
    const box = bell.getBoundingClientRect()
    list.style.top = `${box.bottom + 6}px`
    list.style.right = `${Math.max(8, window.innerWidth - box.right)}px`
  }
  const outside = (event) => {
    if (!root.isConnected) return document.removeEventListener("pointerdown", outside, true)
    if (!event.composedPath().includes(root)) show(false)
  }
  document.addEventListener("pointerdown", outside, true)
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || list.hidden) return
    event.stopPropagation()
    show(false)
    bell.focus()
  })
  bell.addEventListener("click", () => show(list.hidden))

  const draw = () => {
    const open = (row) => {
      if (row.link) window.open(row.link, "_blank", "noopener")
      model.send_msg({open: row.id})
      show(false)
    }
    body.replaceChildren(...model.rows.map((row) => item(row, () => open(row))))
    if (!model.rows.length) body.append(made("p", "none", "Here you are told when jobs end."))
    count.hidden = !model.unread
    count.textContent = model.unread > 99 ? "99+" : String(model.unread)
    all.disabled = !model.unread
    const label = model.unread ? `Notices: ${model.unread} unread` : "Notices"
    bell.setAttribute("aria-label", label)
    bell.title = label
  }
  model.on("rows", draw)
  model.on("unread", draw)
  show(false)
  draw()
  return root
}

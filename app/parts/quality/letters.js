// The tool "Letters": written, looked at, approved and sent, answered. The letter is shown in
// a frame without scripts, origin or requests.

export function render({model}) {
  const send = (said) => model.send_msg(said)
  let tab = "letter"
  let shown = "" // the letter whose address the operator may be typing
  let answers = {} // what was chosen and is not saved yet

  // ---- writing ----
  const field = (name, attributes) => make("input", {"aria-label": name, ...attributes})
  const contact = field("Contact", {class: "contact", placeholder: "Contact in the letter"})
  const since = field("Changes since", {type: "date"})
  const by = field("Answer by", {type: "date"})
  const again = field("Tell again", {type: "checkbox"})
  const pdf = field("Plots as PDF too", {type: "checkbox"})
  const write = make("button", {class: "main", onclick: () => {
    write.disabled = true
    send({do: "write", contact: contact.value, since: since.value, answer_by: by.value, again: again.checked, pdf: pdf.checked})
  }}, "Write letters")
  const cancel = make("button", {hidden: true, onclick: () => send({do: "cancel"})}, "Cancel")
  const bar = make("progress", {hidden: true, max: "1"})
  const said = make("span", {class: "said grow", role: "status"})

  // ---- what was written ----
  const list = make("div", {class: "list", role: "group", "aria-label": "Letters"})
  const shares = make("table", {class: "shares"})

  // ---- one letter ----
  const subject = make("div", {class: "subject"})
  const told = make("p")
  const preview = make("iframe", {sandbox: "", title: "Letter", referrerpolicy: "no-referrer"})
  const items = make("div", {class: "items"})
  const tab_button = (key, title) => make("button", {
    role: "tab", "data-tab": key, onclick: () => { tab = key; show_tab() },
  }, title)
  const tabs = make("div", {class: "tabs", role: "tablist"}, tab_button("letter", "Letter"), tab_button("answers", "Answers"))
  const file = make("a", {download: true}, "Mail file (.eml)")
  const to = field("Address", {class: "to", placeholder: "data@centre.example", oninput: () => show_send()})
  const approve = make("button", {class: "main", onclick: () => {
    approve.disabled = true
    send({do: "send", to: to.value})
  }}, "Approve and send")
  const why = make("span", {class: "grow quiet"})
  const accept_all = make("button", {class: "also", onclick: () => { set_open("accepted") }}, "Accept all open")
  const pages = make("span", {class: "line"})
  const save = make("button", {class: "main", onclick: () => {
    const given = answers
    answers = {}
    save.disabled = true
    send({do: "answer", answers: given})
  }}, "Save answers")
  const sending = make("div", {class: "line"}, "To", to, why, file, approve)
  const answering = make("div", {class: "line"}, pages, make("span", {class: "grow"}), accept_all, save)
  const detail = make("div", {}, subject, told, tabs, preview, items, make("div", {class: "foot"}, sending, answering))
  const empty = make("div", {}, make("p", {}, "Write the letters: one for each data centre whose stations were found wrong. Nothing is sent before you approve it."))

  function show_tab() {
    for (const button of tabs.children) button.setAttribute("aria-selected", button.dataset.tab === tab)
    preview.hidden = sending.hidden = tab !== "letter"
    items.hidden = answering.hidden = tab !== "answers"
  }

  function show_send() {
    const chosen = model.state.chosen
    approve.disabled = !chosen || model.state.busy || !to.value.trim() || Boolean(chosen.cannot)
    why.textContent = chosen?.cannot || (to.value.trim() ? model.state.from : chosen?.why ?? "")
  }

  function case_button(one) {
    const state = make("span", {class: `state ${one.state}`}, one.state)
    const answered = one.accepted + one.rejected ? `, ${number(one.accepted)} accepted, ${number(one.rejected)} rejected` : ""
    return make("button", {
      class: "case", "data-id": one.id, "aria-pressed": String(one.id === model.state.chosen?.id),
      onclick: () => send({do: "choose", id: one.id}),
    }, make("b", {}, one.centre), make("span", {}, one.edmo ? `EDMO ${one.edmo} · ` : "", `${one.day} · ${counted(one.items, "item")}${answered} · `, state))
  }

  function show_shares(rows) {
    shares.hidden = !rows.length
    if (!rows.length) return
    const head = ["Data centre", "accepted", "rejected", "open", "share accepted"]
    shares.replaceChildren(
      make("tr", {}, ...head.map((name, i) => make("th", {class: i ? "n" : null}, name))),
      ...rows.map((row) => make("tr", {}, ...row.map((cell, i) => make("td", {class: i ? "n" : null}, String(cell))))),
    )
  }

  function set_open(verdict) {
    for (const row of model.state.chosen.rows) {
      if (!row.verdict && !answers[row.number]) answers[row.number] = [verdict, ""]
    }
    show_items()
  }

  function show_items() {
    const chosen = model.state.chosen
    if (!chosen) return
    const head = ["Item", "CDI record", "Station", "Parameter", "Flag", "Values", "Why", "Answer", "Reason of the answer"]
    items.replaceChildren(make("table", {},
      make("thead", {}, make("tr", {}, ...head.map((name) => make("th", {}, name)))),
      make("tbody", {}, ...chosen.rows.map(item_row))))
    const page = (by, title) => make("button", {class: "plain", onclick: () => send({do: "page", page: chosen.page + by})}, title)
    pages.replaceChildren(
      ...(chosen.page > 0 ? [page(-1, "‹")] : []),
      `Items ${number(chosen.first)} to ${number(chosen.last)} of ${number(chosen.items)}`,
      ...(chosen.last < chosen.items ? [page(1, "›")] : []),
    )
    show_save()
  }

  function show_save() {
    const ready = Object.values(answers).every(([verdict, reason]) => verdict === "accepted" || reason.trim())
    save.disabled = model.state.busy || !Object.keys(answers).length || !ready
    save.title = ready ? "" : "A rejection needs a reason"
  }

  function item_row(row) {
    const [verdict, why_so] = answers[row.number] ?? [row.verdict, row.reason]
    const choice = make("select", {"aria-label": `Answer to item ${row.number}`, onchange: () => note()},
      ...[["", "open"], ["accepted", "accepted"], ["rejected", "rejected"]].map(([value, title]) => make("option", {value}, title)))
    choice.value = verdict
    const reason = make("input", {"aria-label": `Reason for item ${row.number}`, value: why_so, oninput: () => note()})
    function note() {
      if (choice.value) answers[row.number] = [choice.value, reason.value]
      else delete answers[row.number]
      show_save()
    }
    const cells = [row.number, row.cdi, row.station, row.label, row.new ? `${row.old} → ${row.new}` : "", number(row.values), row.what]
    return make("tr", {"data-item": row.number}, ...cells.map((cell, i) => make("td", {class: i === 4 ? "flag" : null}, String(cell))), make("td", {}, choice), make("td", {}, reason))
  }

  function show_state() {
    const s = model.state
    if (!s.cases) return
    write.disabled = s.busy
    cancel.hidden = bar.hidden = !s.writing
    if (s.part === null || s.part === undefined) bar.removeAttribute("value")
    else bar.value = s.part
    said.textContent = s.said
    said.classList.toggle("wrong", s.wrong)
    list.replaceChildren(...s.cases.map(case_button))
    show_shares(s.shares)
    const chosen = s.chosen
    detail.hidden = !chosen
    empty.hidden = Boolean(chosen)
    if (!chosen) return
    subject.textContent = chosen.subject
    told.textContent = chosen.told
    file.hidden = !chosen.file
    file.href = chosen.file
    file.download = chosen.file_name
    if (chosen.id !== shown) {
      shown = chosen.id
      answers = {}
      to.value = chosen.to
    }
    show_items()
    show_send()
    show_tab()
  }

  function show_form() {
    by.value ||= model.form.answer_by ?? ""
    contact.value ||= model.form.contact ?? ""
  }

  const node = frame(
    model,
    make("div", {class: "write"},
      make("div", {class: "line"},
        make("label", {}, "Changes since", since), make("label", {}, "Answer by", by), contact,
        make("label", {}, pdf, "Plots as PDF too"), make("label", {}, again, "Tell again what was told"),
      ),
      make("div", {class: "line"}, write, cancel, bar, said),
    ),
    make("div", {class: "halves"}, make("div", {}, list, shares), detail, empty),
  )
  model.on("form", show_form)
  model.on("state", show_state)
  model.on("page", () => { preview.srcdoc = model.page })
  show_form()
  show_state()
  preview.srcdoc = model.page
  return node
}

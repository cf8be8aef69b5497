// Verdicts, comments on views, the signature, what can be fetched.

const VERDICTS = [["pass", "Pass"], ["minor", "Minor issues"], ["major", "Major issues"], ["not applicable", "Not applicable"]]

function when(text) {
  return String(text ?? "").slice(0, 16).replace("T", " ")
}

// The verdict of one block, under it or in the list of all.
function verdict_line(send, key, title) {
  let said = {}
  const chips = make("div", {class: "chips", role: "group", "aria-label": `Verdict on ${title}`}, ...VERDICTS.map(([verdict, words]) => make("button", {type: "button", "data-verdict": verdict, onclick: () => send({do: "verdict", block: key, verdict: said.verdict === verdict ? "" : verdict, note: note.value})}, words)))
  const note = make("input", {class: "grow", placeholder: "Note", "aria-label": `Note on ${title}`, maxlength: 2000, onchange: () => said.verdict && send({do: "verdict", block: key, verdict: said.verdict, note: note.value})})
  const who = make("span", {class: "quiet small"})
  const node = make("div", {class: "verdict line", "data-block": key}, make("span", {class: "of"}, title), chips, note, who)
  node.put = (all) => {
    said = all?.[key] ?? {}
    for (const chip of chips.children) chip.setAttribute("aria-pressed", String(chip.dataset.verdict === said.verdict))
    if (node.getRootNode().activeElement !== note) note.value = said.note ?? ""
    who.textContent = said.verdict ? `${said.author ?? ""} ${when(said.time)}` : ""
  }
  return node
}

function signature_words(given) {
  const s = given.said?.signature
  if (s) return ["signed", `Signed by ${s.name}${s.orcid ? ` (ORCID ${s.orcid})` : ""}, ${when(s.time)} UTC`]
  if (given.said?.lost) return ["lost", "The signature is gone: something was changed after it. Sign again."]
  return ["open", "Not signed"]
}

function comment_box(send, where) {
  const text = make("textarea", {rows: 3, maxlength: 4000, placeholder: "What do you see in this view?", "aria-label": "Comment on this view"})
  const about = make("p")
  const keep = make("button", {type: "button", class: "main", onclick: () => { if (!text.value.trim()) return; send({do: "comment", tab: where(), block: BLOCKS_OF[where()]?.[0] ?? "", text: text.value}); text.value = ""; node.hidden = true }}, "Pin comment")
  const node = make("div", {class: "pop", hidden: true}, text, about, make("div", {class: "line"}, keep, make("button", {type: "button", onclick: () => { node.hidden = true }}, "Close")))
  node.toggle = () => {
    node.hidden = !node.hidden
    about.textContent = `Opening it later brings back this view: ${TITLES[where()] ?? where()} with what is picked, and the map behind.`
    if (!node.hidden) text.focus()
  }
  node.addEventListener("keydown", (event) => { if (event.key === "Escape") node.hidden = true })
  return node
}

function opinion_block(send) {
  let blocks = null, lines = []
  const list = make("div", {class: "verdicts"})
  const comments = make("ol", {class: "comments", "aria-label": "Comments"})
  const name = make("input", {"aria-label": "Your name", placeholder: "Your name", maxlength: 200})
  const orcid = make("input", {"aria-label": "Your ORCID", placeholder: "ORCID, 0000-0000-0000-0000", maxlength: 60, size: 26})
  const sign = make("button", {type: "button", class: "main", onclick: () => send({do: "sign", name: name.value, orcid: orcid.value})}, "Sign")
  const state = make("p", {role: "status"}), wrong = make("p", {class: "wrong", role: "alert"})
  const links = make("div", {class: "line"})
  const node = make("div", {class: "opinions"},
    make("section", {class: "card full"}, make("div", {class: "line head"}, make("b", {}, "Verdict on each block")), make("div", {class: "scrolls"}, list)),
    make("div", {class: "side"},
      make("section", {class: "card grows"}, make("div", {class: "line head"}, make("b", {}, "Comments")), make("div", {class: "scrolls"}, comments)),
      make("section", {class: "card"}, make("div", {class: "line head"}, make("b", {}, "Signature")), make("div", {class: "line names"}, name, orcid), make("div", {class: "line"}, sign, state), wrong),
      make("section", {class: "card"}, make("div", {class: "line head"}, make("b", {}, "Download")), links)))
  name.addEventListener("input", () => { name.typed = true })
  node.put = ({doc, said}) => {
    if (blocks !== doc.blocks) {
      blocks = doc.blocks
      lines = (blocks ?? []).map((block) => [verdict_line(send, block.key, block.title), block])
      list.replaceChildren(...lines.map(([line, block]) => make("div", {class: "judged"}, make("div", {class: "line"}, pill(block.severity), make("span", {class: "grow quiet"}, block.summary ?? "")), line)))
    }
    for (const [line] of lines) line.put(said.verdicts)
    const all = said.comments ?? []
    comments.replaceChildren(...all.map((c, k) => make("li", {}, make("div", {class: "quiet small"}, `${c.author ?? ""}, ${when(c.time)}${c.block ? `, on ${(doc.blocks ?? []).find((b) => b.key === c.block)?.title ?? c.block}` : ""}`), make("div", {class: "text"}, c.text ?? ""), c.view ? make("button", {type: "button", class: "plain", onclick: () => send({do: "restore", number: k})}, "Open this view") : null)),
      ...(all.length ? [] : [make("li", {class: "quiet"}, "None yet. “Comment on this view” above pins one to what is shown.")]))
    if (!name.typed && !name.value) name.value = said.name ?? ""
    const [kind, words] = signature_words({said})
    state.textContent = words
    state.className = kind
    wrong.textContent = said.said ?? ""
    const files = said.files ?? {}
    links.replaceChildren(...[["json", kind === "signed" ? "review.json (signed)" : "review.json"], ["html", "report.html"], ["csv", "residuals.csv"]].filter(([k]) => files[k]).map(([k, title]) => make("a", {href: files[k], download: true}, title)))
  }
  return node
}

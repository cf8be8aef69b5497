// What a reviewer should see first, ranked.

const SEVERITY = {major: "Major", minor: "Minor", note: "Note", none: "Fine"}

function pill(severity) {
  return make("span", {class: `pill ${severity === "none" ? "fine" : severity in SEVERITY ? severity : "note"}`}, SEVERITY[severity] ?? severity ?? "Note")
}

function findings(send, to_block) {
  let given = null, at = -1, own = null
  const list = make("ol", {"aria-label": "Findings"})
  const count = make("span", {class: "quiet"})
  const node = make("section", {class: "card first"}, make("div", {class: "line head"}, make("b", {}, "What to look at first"), count), make("div", {class: "scrolls"}, list))

  const warnings = () => (given.doc.warnings ?? []).map((text) => make("li", {class: "quiet warning"}, text))

  function show() {
    const found = given.doc.first ?? []
    count.textContent = found.length ? counted(found.length, "finding") : ""
    if (!found.length) {
      list.replaceChildren(make("li", {class: "fine"}, "Nothing stands out in what was examined."), ...warnings())
      return
    }
    const held = [...list.children].findIndex((li) => li.contains(node.getRootNode().activeElement))
    list.replaceChildren(...found.map((finding, k) => {
      const on = k === at
      const button = make("button", {type: "button", class: "finding", "aria-pressed": String(on), onclick: () => { at = on ? -1 : k; own = null; show(); send(on ? {do: "pick", brush: {}} : {do: "find", number: k})}}, pill(finding.severity), make("span", {}, finding.sentence))
      const acts = make("div", {class: "acts", hidden: !on},
        make("button", {type: "button", class: "also", onclick: () => send({do: "map", view: finding.view ?? {}})}, "Show on the map"),
        make("button", {type: "button", class: "plain", onclick: () => to_block(finding.block)}, `More under ${TITLES[TAB_OF[finding.block] ?? finding.block] ?? "Skill"}`))
      return make("li", {"data-kind": finding.kind}, button, acts)
    }), ...warnings())
    list.children[held]?.querySelector("button")?.focus({preventScroll: true})
  }

  node.put = (next) => {
    // What is picked first after the click is what the finding picked; anything else leaves it.
    const brush = JSON.stringify(next.picked.brush ?? {}), before = JSON.stringify(given?.picked.brush ?? {})
    if (at >= 0 && brush !== before) { if (own === null) own = brush; else if (own !== brush) at = -1 }
    if (given?.doc !== next.doc) at = -1
    given = next
    show()
  }
  return node
}

// What is made of the field, and the second layer: which, how it is shown, and how both differ.

const KINDS = [["", "The field itself"], ["iso", "Depth of a value"], ["mld", "Mixed layer depth"], ["formula", "A formula"]]
const MODES = [["none", "Off"], ["swipe", "Swipe"], ["blink", "Blink"], ["side", "Side by side"], ["difference", "Difference"]]
const ABOUT = {
  swipe: "Drag the handle over the map, or move it with the arrow keys.",
  blink: "Both in turn, every 0.8 s; B holds the one in view.",
  side: "Two maps with one view: what moves one moves both.",
  difference: "First minus second; grey where both agree within their combined error.",
}

// Errors are added as if they were independent.
const ALIKE = " Both were made of the same observations, so their errors are alike and this combined one is too great: more may differ than is coloured."

function kind_of(derived) {
  if (!derived) return ""
  if (derived.startsWith("iso:")) return "iso"
  return derived === "mld" || derived.startsWith("mld:") ? "mld" : "formula"
}

export function render({model}) {
  const send = (said) => model.send_msg(said)
  let chosen = null // a kind that is not yet written out

  // ---- what is shown ------------------------------------------------------
  const kind = make("select", {"aria-label": "What is shown", onchange: () => choose(kind.value)})
  const value = make("input", {type: "text", inputmode: "decimal", "aria-label": "Value", size: 7})
  const unit = make("span", {class: "quiet"})
  const iso = make("div", {class: "line"}, make("span", {}, "where it is"), value, unit)
  const by = make("select", {"aria-label": "Criterion", onchange: () => send({derived: by.value})})
  const mixed = make("div", {class: "line"}, make("span", {}, "by"), by)
  const text = make("input", {type: "text", class: "grow", "aria-label": "Formula", placeholder: "a - mean(a)", spellcheck: "false", autocomplete: "off"})
  const names = make("div", {class: "chips"})
  const formula = make("div", {}, make("div", {class: "line"}, text), names)
  const problem = make("p", {class: "wrong", role: "alert"})
  const give_value = later(() => value.value.trim() && send({derived: `iso:${value.value.trim().replace(",", ".")}`}), 400)
  const give_formula = later(() => text.value.trim() && send({derived: text.value}), 400)
  value.addEventListener("input", give_value)
  text.addEventListener("input", give_formula)

  function choose(which) {
    chosen = which
    if (which === "" || which === "mld") send({derived: which})
    else show()
    if (which === "iso") value.focus()
    if (which === "formula") text.focus()
  }

  function insert(word) {
    const whole = word.includes("mean")
    const at = text.selectionStart ?? text.value.length
    text.value = whole ? word : text.value.slice(0, at) + word + text.value.slice(text.selectionEnd ?? at)
    text.focus()
    give_formula()
  }

  // ---- compare with --------------------------------------------------------
  const modes = make("div", {class: "chips modes", role: "group", "aria-label": "How the second layer is shown"}, ...MODES.map(([mode, title]) =>
    make("button", {type: "button", "data-mode": mode, title: ABOUT[mode], onclick: () => send({mode})}, title)))
  const other = make("select", {class: "wide", "aria-label": "Second product", onchange: () => send({other: other.value}), onpointerdown: () => send({do: "list"})})
  const field = make("select", {class: "wide", "aria-label": "Second field", onchange: () => send({other_field: field.value})})
  const time = make("select", {class: "wide", "aria-label": "Second time", onchange: () => send({other_step: Number(time.value)})})
  const rows = make("div", {class: "rows"}, label("Product", other), label("Field", field), label("Time", time))
  const about = make("p")
  const sums = make("dl", {class: "sums"})
  const sentence = make("p", {class: "sentence", role: "status"})
  const how = make("details", {}, make("summary", {}, "How it was computed"))
  const how_text = make("p", {class: "sentence"})
  how.append(how_text)
  const spread = make("input", {type: "text", inputmode: "decimal", size: 6, "aria-label": "Standard deviation of the background", onchange: () => send({spread: Number(spread.value.replace(",", ".")) || 0})})
  const spread_unit = make("span", {class: "quiet"})
  const ask = make("div", {class: "line"}, make("span", {class: "quiet"}, "Deviation of the background"), spread, spread_unit)
  const swap = make("button", {type: "button", title: "Make the second layer the first one", onclick: () => send({do: "swap"})}, "⇄ Swap")
  const second = make("div", {class: "second"}, make("div", {class: "line spread"}, about, swap), sums, sentence, how, ask)

  function label(title, control) {
    return make("label", {}, make("span", {class: "quiet"}, title), control)
  }

  function fixed(number_) {
    if (number_ === null || number_ === undefined) return "–"
    const size = Math.abs(number_)
    const text_ = size && (size < 0.01 || size >= 1e5) ? number_.toPrecision(2) : number_.toFixed(size < 1 ? 3 : size < 100 ? 2 : 1)
    return text_.replace("-", "−")
  }

  function show_sums(s) {
    const found = s.sums
    sums.hidden = !found?.cells
    if (sums.hidden) return
    const with_unit = (v) => `${fixed(v)} ${s.sum_unit ?? ""}`.trim()
    const pairs = [["Mean", with_unit(found.mean)], ["SD", with_unit(found.sd)], ["RMS", with_unit(found.rms)]]
    if (found.beyond !== null) pairs.push(["Beyond the error", `${(100 * found.beyond).toFixed(0)} % of ${number(found.with_error)}`])
    sums.replaceChildren(...pairs.map(([name, said]) => make("div", {}, make("dt", {}, name), make("dd", {}, said))))
  }

  function show() {
    const s = model.state
    if (!s.ready) return
    const set = kind_of(s.derived)
    if (set === chosen) chosen = null
    const now = chosen ?? set
    const kinds = KINDS.filter(([k]) => !["iso", "mld"].includes(k) || s.deep).filter(([k]) => k !== "mld" || s.warm || set === "mld")
    offer(kind, kinds, now)
    iso.hidden = now !== "iso"
    mixed.hidden = now !== "mld"
    formula.hidden = now !== "formula"
    unit.textContent = s.unit
    const active = value.getRootNode().activeElement
    if (set === "iso" && active !== value) value.value = s.derived.slice(4)
    if (set === "formula" && active !== text) text.value = s.derived
    const criteria = s.salty ? [["mld", "density, 0.03 kg/m³ more than at 10 m"], ["mld:temperature", "temperature, 0.2 °C from that at 10 m"]] : [["mld", "temperature, 0.2 °C from that at 10 m"]]
    if (set === "mld" && !criteria.some(([k]) => k === s.derived)) criteria.push([s.derived, s.derived.slice(4)])
    offer(by, criteria, set === "mld" ? s.derived : "mld")
    const key = JSON.stringify([s.names, s.steps > 1])
    if (names.offered !== key) {
      names.offered = key
      const ready = s.steps > 1 ? [["a - mean(a)", "Anomaly from the mean of all times"]] : []
      names.replaceChildren(...[...ready, ...s.names].map(([word, title]) =>
        make("button", {type: "button", title, onclick: () => insert(/^[A-Za-z_]\w*$/.test(word) || word.includes("(") ? word : `"${word}"`)}, word)))
    }
    problem.textContent = s.problem
    problem.hidden = !s.problem || now === ""

    for (const button of modes.children) button.setAttribute("aria-pressed", String(button.dataset.mode === s.mode))
    offer(other, s.products, s.other)
    offer(field, s.fields ?? [], s.other_field)
    offer(time, (s.times ?? []).map(([k, t]) => [String(k), t]), String(s.other_step))
    field.parentNode.hidden = s.mode === "none" || (s.fields ?? []).length < 2
    time.parentNode.hidden = s.mode === "none" || !(s.times ?? []).length
    second.hidden = s.mode === "none"
    about.textContent = s.mode === "difference" && s.sums && !s.sums.with_error ? "First minus second." : ABOUT[s.mode] ?? ""
    swap.disabled = Boolean(s.same)
    show_sums(s)
    const agree = s.sums?.with_error ? `${number(s.sums.masked)} of ${counted(s.sums.cells, "cell")} lie within the combined error.${s.alike ? ALIKE : ""}` : s.errors ?? ""
    sentence.textContent = s.sums ? agree : s.sentence ?? (s.busy ? "Summing up …" : "")
    how.hidden = !s.sums
    how_text.textContent = s.sums ? s.sentence : ""
    sentence.classList.toggle("wrong", Boolean(s.sentence) && !s.sums)
    ask.hidden = !s.ask_spread
    if (active !== spread) spread.value = s.spread ? short(s.spread) : ""
    spread_unit.textContent = s.spread_unit ?? ""
  }

  model.on("state", show)
  show()
  const node = frame(model,
    make("h4", {}, "What is shown"), make("div", {class: "rows"}, kind, iso, mixed, formula), problem,
    make("h4", {}, "Compare with"), modes, rows, second)
  node.classList.remove("tall")
  // What is typed in a form stays there; the key of the map does not.
  node.addEventListener("keydown", (event) => {
    const target = event.composedPath()[0]
    if (event.key.toLowerCase() !== "b" || /^(INPUT|SELECT)$/.test(target.tagName) || event.ctrlKey || event.metaKey || event.altKey) return
    globalThis.sdcvizField?.dispatchEvent(new CustomEvent("hold"))
  })
  return node
}

// A slider over labels, with a step to either side.

function steps_slider(title, chosen) {
  const input = make("input", {type: "range", min: "0", max: "0", step: "1", "aria-label": title})
  const output = make("output", {})
  const labelled = make("span", {class: "of"}, title)
  let labels = []
  const say = () => {
    output.textContent = labels[Number(input.value)] ?? "–"
    output.title = output.textContent
    input.setAttribute("aria-valuetext", output.textContent)
  }
  const button = (by, sign, word) => make("button", {type: "button", class: "step", "aria-label": `${title} ${word}`, onclick: () => node.move(by)}, sign)
  const node = make("div", {class: "slide"}, labelled, button(-1, "‹", "before"), input, button(1, "›", "after"), output)
  input.addEventListener("input", () => { say(); chosen(Number(input.value)) })
  node.at = () => Number(input.value)
  node.count = () => labels.length
  node.move = (by, around = false) => {
    const n = labels.length
    const to = around ? (node.at() + by + n) % n : Math.max(0, Math.min(n - 1, node.at() + by))
    if (!n || to === node.at()) return
    input.value = String(to)
    say()
    chosen(to)
  }
  node.put = (at, name, given) => {
    labelled.textContent = name
    labels = given
    input.max = String(Math.max(labels.length - 1, 0))
    input.value = String(at)
    const widest = labels.reduce((most, text) => Math.max(most, text.length), 4)
    output.style.minWidth = `${Math.min(widest, 17) * 0.56 + 0.3}em`
    node.hidden = labels.length < 1
    input.disabled = labels.length < 2
    say()
  }
  return node
}

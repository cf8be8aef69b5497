// Takes files and folders by drag and drop or by choice, and sends each one by
// HTTP straight to the server's disk. Python learns of them when all are there.

const MB = 1024 * 1024

function size_text(bytes) {
  return bytes < MB ? `${Math.max(1, Math.round(bytes / 1024))} kB` : `${(bytes / MB).toFixed(1)} MB`
}

function read_entries(reader) {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject))
}

function file_of(entry) {
  return new Promise((resolve, reject) => entry.file(resolve, reject))
}

// A folder gives its entries in portions; an empty one says that no more follow.
async function files_below(entry, path, found) {
  if (entry.isFile) {
    found.push({name: path + entry.name, file: await file_of(entry)})
    return
  }
  const reader = entry.createReader()
  for (let some = await read_entries(reader); some.length; some = await read_entries(reader)) {
    for (const child of some) {
      await files_below(child, `${path}${entry.name}/`, found)
    }
  }
}

async function dropped_files(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean)
  if (!entries.length) {
    return [...transfer.files].map((file) => ({name: file.name, file}))
  }
  const found = []
  for (const entry of entries) {
    await files_below(entry, "", found)
  }
  return found
}

function send(url, file, on_progress, on_request) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    on_request(request)
    request.open("PUT", url)
    request.upload.onprogress = (event) => on_progress(event.loaded)
    request.onerror = () => reject(new Error("the connection to the server was lost"))
    request.onabort = () => reject(new Error("cancelled"))
    request.onload = () => {
      if (request.status < 300) {
        resolve()
        return
      }
      let detail = `the server answered ${request.status}`
      try {
        detail = JSON.parse(request.responseText).detail ?? detail
      } catch { /* no JSON: the status has to do */ }
      reject(new Error(detail))
    }
    request.send(file)
  })
}

export function render({model}) {
  const box = document.createElement("div")
  box.innerHTML = `
    <style>
      .drop { border: 1.5px dashed var(--mui-palette-text-secondary, #aab); border-radius: 8px;
              padding: 20px; text-align: center; font: var(--mui-font-body2, 13px sans-serif);
              color: var(--mui-palette-text-primary, inherit); outline: none; }
      .drop.over, .drop:focus-visible { border-color: var(--mui-palette-primary-main, #0b5a78); }
      .lead { font-size: 15px; font-weight: 500; margin-bottom: 4px; }
      .more { color: var(--mui-palette-text-secondary, #567); margin-bottom: 12px; }
      button { font: inherit; font-weight: 500; margin: 0 4px; padding: 5px 12px; cursor: pointer;
               background: none; color: var(--mui-palette-primary-main, #0b5a78);
               border: 1px solid var(--mui-palette-divider, #aab); border-radius: 6px; }
      progress { width: 100%; margin-top: 12px; accent-color: var(--mui-palette-primary-main); }
      .said { min-height: 18px; margin-top: 6px; color: var(--mui-palette-text-secondary, #567);
              overflow-wrap: anywhere; }
      .said.bad { color: var(--mui-palette-error-main, #b3261e); }
      [hidden] { display: none; }
    </style>
    <div class="drop" tabindex="0" role="group" aria-label="Drop files here">
      <div class="lead"></div>
      <div class="more"></div>
      <button type="button" class="files">Choose files</button>
      <button type="button" class="folder">Choose a folder</button>
      <button type="button" class="stop" hidden>Cancel</button>
      <progress max="1" value="0" hidden></progress>
      <div class="said" role="status"></div>
      <input type="file" class="pick" multiple hidden>
      <input type="file" class="pick-folder" webkitdirectory hidden>
    </div>`
  const part = (selector) => box.querySelector(selector)
  const area = part(".drop"), bar = part("progress"), said = part(".said"), stop = part(".stop")
  part(".lead").textContent = model.lead
  part(".more").textContent = model.more
  let running = null
  let cancelled = false

  const say = (text, bad = false) => {
    said.textContent = text
    said.classList.toggle("bad", bad)
  }

  async function send_all(files) {
    if (!files.length || model.sending) { return }
    model.sending = true
    cancelled = false
    stop.hidden = bar.hidden = false
    const total = files.reduce((sum, {file}) => sum + file.size, 0)
    const base = new URL(`api/uploads/${model.delivery}/`, document.baseURI)
    const arrived = [], failed = []
    let before = 0
    for (const {name, file} of files) {
      if (cancelled) { break }
      const url = base + name.split("/").map(encodeURIComponent).join("/")
      const show = (loaded) => {
        bar.value = total ? (before + loaded) / total : 1
        say(`Sending ${name} (${arrived.length + 1} of ${files.length}), ` +
            `${size_text(before + loaded)} of ${size_text(total)}`)
      }
      show(0)
      try {
        await send(url, file, show, (request) => { running = request })
        arrived.push({name, size: file.size})
      } catch (error) {
        if (!cancelled) { failed.push({name, reason: error.message}) }
      }
      before += file.size
    }
    running = null
    stop.hidden = bar.hidden = true
    if (cancelled) {
      await fetch(base.href.slice(0, -1), {method: "DELETE"})
      say("Cancelled.")
    } else if (failed.length) {
      say(failed.map(({name, reason}) => `${name}: ${reason}`).join(" "), true)
    } else {
      say("")
    }
    if (!cancelled) { model.uploaded = [...model.uploaded, ...arrived] }
    model.sending = false
  }

  area.addEventListener("dragover", (event) => {
    event.preventDefault()
    area.classList.add("over")
  })
  area.addEventListener("dragleave", () => area.classList.remove("over"))
  area.addEventListener("drop", async (event) => {
    event.preventDefault()
    area.classList.remove("over")
    send_all(await dropped_files(event.dataTransfer))
  })
  part(".files").addEventListener("click", () => part(".pick").click())
  part(".folder").addEventListener("click", () => part(".pick-folder").click())
  for (const input of [part(".pick"), part(".pick-folder")]) {
    input.addEventListener("change", () => {
      send_all([...input.files].map((file) => ({name: file.webkitRelativePath || file.name, file})))
      input.value = ""
    })
  }
  stop.addEventListener("click", () => {
    cancelled = true
    running?.abort()
  })
  model.on("delivery", () => say(""))
  return box
}

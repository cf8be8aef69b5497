// Maps of products as the server sends them: fetched, unpacked, kept. See app/server/frames.py.

const ROOM = 220e6 // bytes of unpacked frames that a page keeps
const TYPES = {f4: Float32Array, f8: Float64Array, i4: Int32Array, u2: Uint16Array, u1: Uint8Array}

async function inflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))
  return new Response(stream).arrayBuffer()
}

// Of each number but the first of a row its difference to the one before was sent.
function sum_rows(codes, columns) {
  for (let at = 0; at < codes.length; at += columns) {
    let sum = 0
    for (let i = at; i < at + columns; i++) codes[i] = sum = (sum + codes[i]) & 255
  }
  return codes
}

async function unpacked(buffer) {
  const length = new DataView(buffer).getUint32(0, true)
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)))
  let at = 4 + length
  const parts = header.blocks.map(([name, kind, size]) => {
    const bytes = new Uint8Array(buffer, at, size)
    at += size
    return [name, kind, inflated(bytes)]
  })
  const frame = {header, bytes: 0}
  for (const [name, kind, waits] of parts) {
    const whole = await waits
    frame[name] = kind === "rows" ? sum_rows(new Uint8Array(whole), header.shape[1]) : new TYPES[kind](whole)
    frame.bytes += whole.byteLength
  }
  return frame
}

class Frames {
  constructor() {
    this.kept = new Map() // address -> {frame, waits, stop}; the one used longest ago first
    this.bytes = 0
  }

  address(kind, query) {
    const url = new URL(`api/frames/${kind}`, document.baseURI)
    const pairs = Object.entries(query).filter(([, v]) => v !== null && v !== undefined && v !== "" && v !== false)
    pairs.sort(([a], [b]) => (a < b ? -1 : 1))
    for (const [name, value] of pairs) url.searchParams.set(name, value)
    return url.href
  }

  // The frame if it is here.
  at_hand(kind, query) {
    return this.kept.get(this.address(kind, query))?.frame ?? null
  }

  // Ask for a frame; whoever asks for the same one gets the same promise.
  get(kind, query) {
    const address = this.address(kind, query)
    const known = this.kept.get(address)
    if (known) {
      this.kept.delete(address)
      this.kept.set(address, known)
      return known.waits
    }
    const abort = new AbortController()
    const entry = {frame: null, stop: () => abort.abort()}
    entry.waits = this.load(address, abort.signal).then((frame) => {
      entry.frame = frame
      this.bytes += frame.bytes
      // Damage may be mended: what is not to be kept is asked for anew.
      if (frame.header.answer === "damaged") this.forget(address)
      this.make_room()
      return frame
    }, (error) => { this.forget(address); throw error })
    this.kept.set(address, entry)
    return entry.waits
  }

  // Damage that was found ahead may be mended by now: then it is asked for once more.
  async fresh(kind, query) {
    const ahead = this.kept.has(this.address(kind, query))
    const frame = await this.get(kind, query)
    return ahead && frame.header.answer === "damaged" ? this.get(kind, query) : frame
  }

  async load(address, signal) {
    const answer = await fetch(address, {signal})
    if (answer.ok) return unpacked(await answer.arrayBuffer())
    let sentence = `The server answered ${answer.status}.`
    try {
      sentence = (await answer.json()).detail ?? sentence
    } catch {}
    throw Object.assign(new Error(sentence), {status: answer.status})
  }

  // Take back what is on its way and no longer wanted.
  only(wanted) {
    for (const [address, entry] of this.kept) {
      if (!entry.frame && !wanted.has(address)) {
        entry.stop()
        this.kept.delete(address)
      }
    }
  }

  forget(address) {
    const entry = this.kept.get(address)
    if (entry?.frame) this.bytes -= entry.frame.bytes
    this.kept.delete(address)
  }

  make_room() {
    for (const [address, entry] of this.kept) {
      if (this.bytes < ROOM) return
      if (entry.frame) this.forget(address)
    }
  }

  clear() {
    for (const entry of this.kept.values()) if (!entry.frame) entry.stop()
    this.kept.clear()
    this.bytes = 0
  }
}

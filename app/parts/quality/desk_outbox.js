// Changes of flags on their way to the server. Each is kept in the browser until the
// server has answered, so that a lost connection, a reload or a restart loses none;
// its token makes the server write it once, however often it is sent.

const KEPT = "sdcviz-edits:"
const FIRST_WAIT = 500, LONGEST_WAIT = 8000, PATIENCE = 20000 // ms
const AGAIN = new Set([401, 403, 408, 425, 429])

function token() {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
}

class Outbox {
  // on: {stored(batch, answer), refused(batch, status, answer), state(name, count, sentence)}
  constructor(collection, on) {
    this.key = KEPT + collection + ":"
    this.base = new URL(`api/qc/${encodeURIComponent(collection)}/`, document.baseURI)
    this.on = on
    this.delay = FIRST_WAIT
    this.batches = this.kept()
    this.online = () => this.run()
    window.addEventListener("online", this.online)
    if (this.batches.length) this.run()
  }

  kept() {
    const found = []
    try {
      for (let i = 0; i < localStorage.length; i++) {
        const key = localStorage.key(i)
        if (key.startsWith(this.key)) found.push(JSON.parse(localStorage.getItem(key)))
      }
    } catch (error) {
      console.warn("What the browser keeps can't be read", error)
    }
    return found.sort((a, b) => a.at - b.at)
  }

  add(batch) {
    this.batches.push(batch)
    try {
      localStorage.setItem(this.key + batch.token, JSON.stringify(batch))
    } catch {
      this.full = true // still sent, but a reload would lose it
    }
    this.run()
  }

  forget(batch) {
    this.batches = this.batches.filter((one) => one !== batch)
    try {
      localStorage.removeItem(this.key + batch.token)
    } catch {}
  }

  // The last change that was not sent yet is simply taken back.
  take_back() {
    const last = this.batches.at(-1)
    if (!last || last.sent) return null
    this.forget(last)
    this.tell(this.batches.length ? "waiting" : "saved")
    return last
  }

  get count() {
    return this.batches.reduce((sum, batch) => sum + batch.edits.length, 0)
  }

  tell(state, sentence = "") {
    this.on.state(state, this.count, sentence)
  }

  async run() {
    clearTimeout(this.timer)
    if (this.running || this.closed) return
    this.running = true
    while (this.batches.length && !this.closed) {
      if (!(await this.send(this.batches[0]))) break
    }
    this.running = false
    if (!this.batches.length) this.tell("saved")
  }

  // Returns whether the next one may go.
  async send(batch) {
    this.tell(this.waits ? "waiting" : "saving", this.trouble)
    const {at, row, sent, ...body} = batch
    let response, answer
    try {
      batch.sent = true // it may arrive even if no answer comes back
      response = await this.post("batches", body)
      answer = await response.json()
    } catch {
      return this.wait("No connection to the server")
    }
    if (response.status >= 500 || AGAIN.has(response.status)) {
      return this.wait(answer.detail ?? `The server answers ${response.status}`)
    }
    this.delay = FIRST_WAIT
    this.waits = false
    this.trouble = ""
    this.forget(batch)
    if (response.ok) this.on.stored(batch, answer)
    else this.on.refused(batch, response.status, answer)
    return true
  }

  post(where, body) {
    return fetch(new URL(where, this.base), {
      method: "POST",
      headers: {"content-type": "application/json"},
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE),
    })
  }

  // Undo or redo on the server, one after the other.
  turn(how, user, reading) {
    const asked = () => this.ask(how, {token: token(), user, reading})
    this.turning = (this.turning ?? Promise.resolve()).then(asked)
    return this.turning
  }

  // Asked again with the same token where no answer came.
  async ask(how, body) {
    for (let tries = 0; tries < 3; tries++) {
      try {
        const response = await this.post(how, body)
        const answer = await response.json()
        return response.ok ? answer : {sentence: answer.detail ?? `The server answers ${response.status}`}
      } catch {
        await new Promise((done) => setTimeout(done, this.delay))
      }
    }
    return {sentence: `No connection to the server: ${how} it later.`}
  }

  wait(sentence) {
    this.waits = true
    this.trouble = sentence
    this.tell("waiting", sentence)
    this.timer = setTimeout(() => this.run(), this.delay)
    this.delay = Math.min(2 * this.delay, LONGEST_WAIT)
    return false
  }

  close() {
    this.closed = true
    clearTimeout(this.timer)
    window.removeEventListener("online", this.online)
  }
}

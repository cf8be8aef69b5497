"""Messages between page and server that a test holds back, so that it decides who is first."""

from __future__ import annotations

from playwright.sync_api import Page

__all__ = ["hold_messages"]

_HOLD = """
const prototype = WebSocket.prototype, send = prototype.send, held = []
let socket, heard
globalThis.holding = {
  // what the page says
  out() { prototype.send = function (message) { socket = this; held.push(message) } },
  // what the server says; the page has to say something first, which shows the socket
  in() {
    prototype.send = function (message) {
      if (!socket) {
        socket = this
        heard = socket.onmessage
        socket.onmessage = (event) => held.push(event)
      }
      return send.call(this, message)
    }
  },
  has(text) { return held.some((one) => String(one.data ?? one).includes(text)) },
  go() {
    prototype.send = send
    if (heard) socket.onmessage = heard
    for (const one of held.splice(0)) heard ? heard.call(socket, one) : send.call(socket, one)
  },
}
"""


def hold_messages(page: Page) -> None:
    """Give a page ``holding``: what goes over the websocket waits until ``go()``.

    ``out()`` holds what the page says, ``in()`` what the server says, ``has(text)``
    tells whether something like that is held.
    """
    page.evaluate(f"() => {{ {_HOLD} }}")

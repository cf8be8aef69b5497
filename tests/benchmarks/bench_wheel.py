"""From a turn of the wheel to the new picture in a real Chromium, at 1e6 stations.

All times are taken inside the page: the wheel event, the message with the new
range that leaves after it, the new picture in the model, and the animation
frame after that picture was painted. The peer is a plain Panel app with
``hv.Points`` and ``rasterize``.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import make_stations
from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1]))

from serving import running  # noqa: E402

PEER = """
import sys
sys.path.insert(0, sys.argv[3])
import holoviews as hv, make_stations, pandas as pd, panel as pn
from holoviews.operation.datashader import rasterize
from sdcviz.geo.projection import forward
hv.extension("bokeh"); pn.extension()
lon, lat, _ = make_stations.tracks(int(sys.argv[2]))
x, y = forward("mercator", lon, lat)
points = hv.Points(pd.DataFrame({"x": x.astype("f4"), "y": y.astype("f4")}), ["x", "y"])
def app():
    picture = rasterize(points).opts(
        responsive=True, active_tools=["wheel_zoom"], colorbar=True, cnorm="log")
    return pn.pane.HoloViews(picture, sizing_mode="stretch_both", height=640)
pn.serve({"/": app}, port=int(sys.argv[1]), show=False, websocket_origin=["*"])
"""

SOCKET = """
const marks = window.marks = {}
const Plain = window.WebSocket
window.WebSocket = class extends Plain {
  send(data) {
    if (typeof data == 'string' && data.includes('"rangesupdate"')) mark('sent')
    super.send(data)
  }
}
// Each step counts once, and only after the one before.
const steps = ['wheel', 'sent', 'data', 'painted']
window.mark = (step) => {
  const i = steps.indexOf(step)
  if (i && !(marks.wheel && steps.slice(0, i).every(s => marks[s]))) return
  if (marks[step] === undefined) marks[step] = performance.now()
}
window.addEventListener('wheel', () => mark('wheel'), {capture: true, passive: true})
"""
"""Run before the page's own scripts: clocks on the socket and the wheel."""

HOOK = """
() => {
  const models = Bokeh.documents.flatMap(d => [...d._all_models.values()])
  const glyphs = models.filter(m => m.type == 'GlyphRenderer' &&
    (['stations', 'dots'].includes(m.name) || (!m.name && m.glyph.type == 'Image')))
  if (!glyphs.length) return 0
  for (const {data_source} of glyphs)
    data_source.properties.data.change.connect(() => mark('data'))
  // What draws the new data calls one of these; the frame after it is on the screen.
  for (const name of ['drawImage', 'fill']) {
    const plain = CanvasRenderingContext2D.prototype[name]
    CanvasRenderingContext2D.prototype[name] = function (...all) {
      if (marks.data && !marks.painted) requestAnimationFrame(() => mark('painted'))
      return plain.apply(this, all)
    }
  }
  return glyphs.length
}
"""
STEPS = ("sent", "data", "painted")
TURNS = (-120, -120, -120, 120, 120, -120, -120, -120, 120)


@contextmanager
def peer(n: int, port: int) -> Iterator[str]:
    """Serve the plain app."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "peer.py"
        script.write_text(PEER)
        command = [sys.executable, str(script), str(port), str(n), str(HERE.parent)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        address = f"http://localhost:{port}/"
        try:
            for _ in range(240):
                try:
                    httpx.get(address, timeout=120)
                    break
                except httpx.TransportError:
                    time.sleep(0.5)
            yield address
        finally:
            process.terminate()
            process.wait()


def open_page(browser: Browser, address: str) -> tuple[Page, tuple[float, float]]:
    """Open a page with its clocks; return it and the middle of its map."""
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    page.set_default_timeout(120_000)
    page.add_init_script(SOCKET)
    page.goto(address)
    page.wait_for_function("() => window.Bokeh && Bokeh.documents.length")
    page.wait_for_function(PAINTED_ONCE)
    time.sleep(3)
    found = page.evaluate(HOOK)
    assert found, "no picture of stations on the page"
    box = max(page.locator(".bk-Canvas, .bk-CanvasPanel").all(), key=area).bounding_box()
    assert box
    return page, (box["x"] + box["width"] * 0.45, box["y"] + box["height"] * 0.45)


PAINTED_ONCE = """
() => Bokeh.documents.flatMap(d => [...d._all_models.values()]).some(m =>
  m.type == 'GlyphRenderer' && m.glyph.type == 'Image' && m.data_source.data.image?.length)
"""


def area(locator: Any) -> float:
    box = locator.bounding_box()
    return box["width"] * box["height"] if box else 0.0


def turn(page: Page, at: tuple[float, float], by: int) -> dict[str, float]:
    """Turn the wheel once and return milliseconds after it, by step."""
    page.mouse.move(*at)
    time.sleep(1.0)  # the messages of the pointer are through
    page.evaluate("() => { for (const step of Object.keys(marks)) delete marks[step] }")
    page.mouse.wheel(0, by)
    page.wait_for_function("() => marks.painted")
    marks = page.evaluate("() => marks")
    return {step: marks[step] - marks["wheel"] for step in STEPS}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stations", type=float, default=1e6)
    parser.add_argument("--turns", type=int, default=len(TURNS))
    options = parser.parse_args()
    n = int(options.stations)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        home = Path(folder)
        made = make_stations.collection(home / "c", n)
        browser = play.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        with peer(n, 5898) as theirs, running(home / "server", [made]) as server:
            names = {"Panel, rasterize": theirs, "ours": server.address}
            pages = {name: open_page(browser, address) for name, address in names.items()}
            found: dict[str, list[dict[str, float]]] = {name: [] for name in names}
            for i in range(-2, options.turns):
                for name, (page, at) in pages.items():
                    page.bring_to_front()
                    times = turn(page, at, TURNS[i % len(TURNS)])
                    if i >= 0:
                        found[name].append(times)
        browser.close()
    print(f"Wheel to painted at {n:,} stations, ms; load {os.getloadavg()[0]:.1f}\n")
    print("| what | range sent | picture in the page | painted |\n|---|---|---|---|")
    medians = {}
    for name, times in found.items():
        medians[name] = [median(t[step] for t in times) for step in STEPS]
        print(f"| {name} | {' | '.join(f'{m:.0f}' for m in medians[name])} |")
    ratio = medians["Panel, rasterize"][-1] / medians["ours"][-1]
    print(f"\nours is {ratio:.1f} times as fast; goal 400 ms on an idle machine")


if __name__ == "__main__":
    main()

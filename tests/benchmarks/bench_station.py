"""From the key to the painted next station of the queue, in a real Chromium.

All times are taken inside the page: the key, the last stroke on a canvas that
follows it, and the animation frame after that. Two collections: the synthetic
one, and real files where a folder of them is given. Beside it stands what the same
steps take where Bokeh draws all glyphs by itself (without ``desk_light.js``), in the
same page and in turns, and what the server needs to prepare one station.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1]))

from serving import running  # noqa: E402

CLOCKS = """
const clock = window.clock = {}
const pressed = () => Object.assign(clock, {key: performance.now(), painted: 0, drawn: 0})
addEventListener('keydown', pressed, true)
const painted = () => { clock.waiting = false; clock.painted = performance.now() }
for (const name of ['fill', 'stroke', 'fillText']) {
  const plain = CanvasRenderingContext2D.prototype[name]
  CanvasRenderingContext2D.prototype[name] = function (...all) {
    clock.drawn = performance.now()
    if (!clock.waiting) {
      clock.waiting = true
      requestAnimationFrame(() => requestAnimationFrame(painted))
    }
    return plain.apply(this, all)
  }
}
"""
"""Run before the page's own scripts."""

BY_ITSELF = """
(yes) => {
  const models = [...Bokeh.documents].flatMap((d) => [...d._all_models.values()])
  const kept = globalThis.kept ??= []
  for (const [object, name, ours] of kept.splice(0)) object[name] = ours
  if (!yes) return
  for (const plot of "abcd") {
    const shown = Bokeh.index.find_one(models.findLast((m) => m.name === `desk-${plot}`))
    for (const view of shown.renderer_views.values()) {
      const glyphs = [view.glyph, view.selection_glyph, view.nonselection_glyph]
      const changed = glyphs.map((glyph) => [glyph, "_paint"])
      for (const [object, name] of [...changed, [view.cds_view, "compute_indices"]]) {
        if (!object || !Object.hasOwn(object, name)) continue
        kept.push([object, name, object[name]])
        delete object[name]
      }
    }
  }
}
"""
"""Takes our way of drawing out of the plots, or puts it back."""

QUIET = "() => clock.painted > clock.drawn && performance.now() - clock.drawn > 250"


@contextmanager
def quality_tab(browser: Browser, folder: Path, collection: Path) -> Iterator[Page]:
    """Serve a collection and open its Quality tab."""
    with running(folder, [collection]) as server:
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.set_default_timeout(60_000)
        page.add_init_script(CLOCKS)
        page.goto(f"{server.address}?tab=quality")
        page.wait_for_function("() => globalThis.sdcvizDesk?.state?.view")
        page.wait_for_timeout(3000)
        yield page
        page.close()


TURNS = (("n", False), ("p", True), ("n", False), ("p", True), ("n", True), ("p", False))
"""Keys, and whether Bokeh draws by itself; the first two are not counted."""


class Steps:
    """Times of steps in one way of drawing: milliseconds to painted, and of the processor."""

    def __init__(self) -> None:
        self.painted: list[float] = []
        self.worked: list[float] = []

    def __str__(self) -> str:
        return (
            f"{median(self.painted):.0f} ms | {max(self.painted):.0f} ms "
            f"| {median(self.worked):.0f} ms"
        )


def steps(page: Page, count: int) -> tuple[Steps, Steps]:
    """Go through the queue and back, twice: as it is, and where Bokeh draws by itself.

    They went there and back once before, so that the page has all stations and its scripts
    are compiled.
    """
    clock = page.context.new_cdp_session(page)
    clock.send("Performance.enable", {"timeDomain": "threadTicks"})

    def worked() -> float:
        metrics = clock.send("Performance.getMetrics")["metrics"]
        return 1e3 * next(m["value"] for m in metrics if m["name"] == "TaskDuration")

    page.wait_for_function("() => sdcvizDesk.state.left > 0")
    count = min(count, page.evaluate("() => sdcvizDesk.state.left"))
    found = Steps(), Steps()
    before_all = Steps()
    for turn, (key, by_itself) in enumerate(TURNS):
        page.evaluate(BY_ITSELF, by_itself)
        kept = found[by_itself] if turn > 1 else before_all
        for _ in range(count):
            before, begun = page.evaluate("() => sdcvizDesk.state.view.row"), worked()
            page.keyboard.press(key)
            page.wait_for_function(f"() => sdcvizDesk.state.view.row !== {before} && ({QUIET})()")
            kept.painted.append(page.evaluate("() => clock.painted - clock.key"))
            kept.worked.append(worked() - begun)
            page.wait_for_timeout(150)
    return found


def prepared(collection: Path, count: int = 100) -> list[float]:
    """Return the milliseconds that the server needs for stations all over the collection."""
    import numpy as np

    from sdcviz.observations import open_collection
    from sdcviz_app.parts.quality.station_view import Shown, station_view

    data = open_collection(collection)
    shown = Shown.usual(data, data.parameters[0].key)
    times = []
    for row in np.linspace(0, data.n_stations - 1, count + 3).astype(int):
        begun = time.perf_counter()
        station_view(data, int(row), shown)
        times.append(1e3 * (time.perf_counter() - begun))
    return times[3:]


def collections(home: Path, stations: int, files: Sequence[Path]) -> dict[str, Path]:
    """Make what is measured."""
    from sdcviz.demo import make_demo
    from sdcviz.observations import import_files

    made = {f"synthetic, {stations:,} stations": make_demo(home / "demo", stations)}
    if files:
        import_files(list(files), home / "real", name="Real files")
        made["real files"] = home / "real"
    return made


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stations", type=int, default=20_000)
    parser.add_argument("--steps", type=int, default=15)
    parser.add_argument("files", nargs="*", type=Path, help="real files of profiles")
    options = parser.parse_args()
    print("| collection | drawing | key to painted: median | slowest | processor of the page |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        home = Path(folder)
        browser = play.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        for i, (name, made) in enumerate(
            collections(home, options.stations, options.files).items()
        ):
            server = prepared(made)
            with quality_tab(browser, home / f"server{i}", made) as page:
                ours, plain = steps(page, options.steps)
            print(f"| {name} | as it is | {ours} |")
            print(f"| | Bokeh by itself | {plain} |")
            print(
                f"| | server prepares | {median(server):.1f} ms "
                f"| {quantiles(server, n=20)[-1]:.1f} ms (95 %) | |"
            )
        browser.close()
    print(f"\ngoal: 100 ms; load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()

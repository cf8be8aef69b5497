"""What one more visitor costs the server: CPU and memory, ours against a plain HoloViews app.

A visitor gets the page, opens its websocket, pulls the document, says that it
is shown, and stays. Both apps hold 1e6 points; both are warm; batches in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
import psutil
from websockets.sync.client import ClientConnection, connect

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from serving import TOKEN, running

PEER = """
import sys
import holoviews as hv, numpy as np, pandas as pd, panel as pn
from holoviews.operation.datashader import rasterize
hv.extension("bokeh"); pn.extension()
rng = np.random.default_rng(0)
n = int(sys.argv[2])
frame = pd.DataFrame({c: rng.random(n, dtype="f4") for c in ("x", "y", "value")})
points = hv.Points(frame, ["x", "y"], "value")
def app():
    cmap = pn.widgets.Select(options=["viridis", "magma"], name="Colours")
    low = pn.widgets.RangeSlider(start=0, end=1, value=(0, 1), name="Value")
    by = pn.widgets.RadioButtonGroup(options=["count", "mean"])
    log = pn.widgets.Checkbox(name="Log")
    picture = rasterize(points, width=1200, height=800).opts(
        width=1200, height=800, colorbar=True, tools=["hover"])
    return pn.Row(pn.Column(cmap, low, by, log), picture)
pn.serve({"/": app}, port=int(sys.argv[1]), show=False, websocket_origin=["*"])
"""

READY = {
    "events": [
        {
            "kind": "MessageSent",
            "msg_type": "bokeh_event",
            "msg_data": {
                "type": "event",
                "name": "document_ready",
                "values": {"type": "map", "entries": []},
            },
        }
    ]
}


@dataclass
class App:
    """One of the two apps, and what its visitors cost."""

    name: str
    address: str
    process: psutil.Process
    cpu: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)

    def seconds(self) -> float:
        """Return the CPU time so far, once nothing runs any more."""
        last = -1.0
        while True:
            used = self.process.cpu_times()
            now = used.user + used.system
            if now - last < 0.02:
                return now
            last = now
            time.sleep(0.4)

    def uss(self) -> float:
        return self.process.memory_full_info().uss / 1e6


@contextmanager
def visit(app: App) -> Iterator[None]:
    """Do what a browser does until the page is shown, and stay."""
    page = httpx.get(app.address, timeout=120)
    found = TOKEN.search(page.text)
    assert found, f"{app.name}: the page carries no token"
    cookie = "; ".join(f"{k}={v}" for k, v in page.cookies.items())
    with connect(
        app.address.replace("http", "ws", 1) + "ws",
        subprotocols=["bokeh", found.group(1)],  # type: ignore[list-item]
        origin=re.sub(r"/$", "", app.address),  # type: ignore[arg-type]
        additional_headers={"Cookie": cookie} if cookie else {},
        max_size=None,
        proxy=None,
    ) as socket:
        for _ in range(3):  # header, metadata and content of the server's greeting
            socket.recv(timeout=120)
        _ask(socket, "PULL-DOC-REQ", {})
        _ask(socket, "PATCH-DOC", READY)
        yield


def _ask(socket: ClientConnection, kind: str, content: dict[str, object]) -> None:
    """Send a message and read on until its answer has begun."""
    for part in ({"msgid": kind, "msgtype": kind}, {}, content):
        socket.send(json.dumps(part))
    answer = f'"reqid":"{kind}"'
    while True:
        part = socket.recv(timeout=120)
        if isinstance(part, str) and answer in part.replace(" ", "")[:500]:
            return


@contextmanager
def peer(n: int, port: int) -> Iterator[App]:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "peer.py"
        script.write_text(PEER)
        process = subprocess.Popen(
            [sys.executable, str(script), str(port), str(n)], stdout=subprocess.DEVNULL
        )
        address = f"http://localhost:{port}/"
        try:
            for _ in range(240):
                try:
                    httpx.get(address, timeout=120)
                    break
                except httpx.TransportError:
                    time.sleep(0.5)
            yield App("HoloViews app", address, psutil.Process(process.pid))
        finally:
            process.terminate()
            process.wait()


@contextmanager
def ours(n: int) -> Iterator[App]:
    with tempfile.TemporaryDirectory() as folder:
        collection = Path(folder) / "million"
        _make(collection, n)
        with running(Path(folder) / "server", [collection]) as server:
            yield App("sdcviz", server.address, psutil.Process(server.pid))


def _make(folder: Path, n: int) -> None:
    """Make a collection of `n` stations with one sample each."""
    from sdcviz.formats.model import Batch, Column, Parameter, Stations
    from sdcviz.observations import build_collection

    rng = np.random.default_rng(0)
    stations = Stations.blank(n)
    stations.lon, stations.lat = rng.uniform(-40, 45, n), rng.uniform(20, 70, n)
    stations.time = rng.integers(0, 1_600_000_000, n).astype("datetime64[s]").astype("M8[ms]")
    good = np.full(n, ord("1"), np.uint8)
    values = rng.normal(15, 5, n).round(3)
    batch = Batch(
        stations=stations,
        offsets=np.arange(n + 1),
        columns=[Column(Parameter("Temperature", "degC", "TEMPPR01", "UPAA"), values, good)],
        depth=rng.uniform(0, 100, n).round(1),
        depth_flag=good,
        row=np.arange(n),
    )
    build_collection([("random", "0" * 64, [batch])], folder)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--visitors", type=int, default=5, help="in one batch")
    chosen = parser.parse_args()
    with ExitStack() as stack:
        apps = [
            stack.enter_context(peer(chosen.points, 5899)),
            stack.enter_context(ours(chosen.points)),
        ]
        for round_ in range(chosen.rounds + 1):
            for app in apps:
                cpu, memory = app.seconds(), app.uss()
                for _ in range(chosen.visitors):
                    stack.enter_context(visit(app))
                if round_:  # the first batch warms up
                    app.cpu.append((app.seconds() - cpu) / chosen.visitors)
                    app.memory.append((app.uss() - memory) / chosen.visitors)
        for app in apps:
            print(
                f"{app.name:14} {1000 * statistics.median(app.cpu):6.0f} ms CPU  "
                f"{statistics.median(app.memory):6.1f} MB  a session  "
                f"(load {os.getloadavg()[0]:.1f})"
            )
        theirs, own = apps
        print(
            f"ours / peer: CPU {statistics.median(own.cpu) / statistics.median(theirs.cpu):.2f}, "
            f"memory {statistics.median(own.memory) / statistics.median(theirs.memory):.2f}"
        )


if __name__ == "__main__":
    main()

"""Samples of 1000 lassoed stations out of 5e7, against polars on Parquet."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np

LEVELS = 50


def batches(stations: int) -> Iterator[object]:
    """Make stations of 50 samples each, in pieces."""
    from sdcviz.formats.model import Batch, Coded, Column, Parameter, Stations

    rng = np.random.default_rng(0)
    piece = 20_000
    for first in range(0, stations, piece):
        n = min(piece, stations - first)
        m = n * LEVELS
        head = Stations.blank(n, first)
        head.lon, head.lat = rng.uniform(-180, 180, n), rng.uniform(-80, 80, n)
        head.time = rng.integers(0, 10**12, n).astype("datetime64[ms]")
        head.cruise = Coded.constant("C", n)
        yield Batch(
            stations=head,
            offsets=np.arange(n + 1) * LEVELS,
            columns=[
                Column(
                    Parameter("TEMP", "degC", "TEMPPR01", "UPAA"),
                    rng.normal(15, 5, m).astype(np.float32),
                    rng.choice(np.frombuffer(b"1124", np.uint8), m),
                )
            ],
            depth=np.tile(np.arange(LEVELS) * 10.0, n),
            depth_flag=np.full(m, ord("1"), np.uint8),
            row=np.arange(m),
        )


def write_parquet(c: object, path: Path) -> None:
    """Write the same samples as one flat table, in the same order."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from sdcviz.observations import Collection

    assert isinstance(c, Collection)
    writer = None
    for r0 in range(0, c.n_stations, 20_000):
        r1 = min(r0 + 20_000, c.n_stations)
        a, b = int(c.offsets[r0]), int(c.offsets[r1])
        table = pa.table(
            {
                "station": np.repeat(np.arange(r0, r1, dtype=np.int32), LEVELS),
                "depth": c.depth[a:b],
                "value": c.values(c.keys[0])[a:b],
                "flag": c.flags(c.keys[0])[a:b],
            }
        )
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table)
    assert writer is not None
    writer.close()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=50_000_000)
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    import polars as pl

    from sdcviz.observations import build_collection, open_collection

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        made = batches(options.samples // LEVELS)
        build_collection([("made", "0" * 64, made)], home / "c")  # type: ignore[list-item]
        c = open_collection(home / "c")
        write_parquet(c, home / "flat.parquet")
        key = c.keys[0]
        rng = np.random.default_rng(1)
        ours, peer, scans = [], [], []
        for _ in range(options.repeats):
            # a lasso: the 1000 stations nearest to a point
            lon, lat = rng.uniform(-150, 150), rng.uniform(-60, 60)
            near = (c.lon - lon) ** 2 + (c.lat - lat) ** 2
            rows = np.sort(np.argpartition(near, 1000)[:1000])
            t = time.perf_counter()
            samples = c.where(rows=rows).samples(key)
            got = [samples[name] for name in ("station", "depth", "value", "flag")]
            ours.append(time.perf_counter() - t)
            t = time.perf_counter()
            frame = (
                pl.scan_parquet(home / "flat.parquet")
                .filter(pl.col("station").is_in(pl.Series(rows.astype(np.int32)).implode()))
                .collect()
            )
            peer.append(time.perf_counter() - t)
            assert len(frame) == len(got[0]) == 1000 * LEVELS
            assert np.array_equal(frame["value"].to_numpy(), got[2])
            t = time.perf_counter()
            c.where(parameter=key, flags=("1", "2"), depth=(0, 200)).n_samples  # noqa: B018
            scans.append(time.perf_counter() - t)
        print(f"Samples of 1000 lassoed stations out of {c.n_samples:,}, one thread\n")
        print("| what | ms |\n|---|---|")
        print(f"| ours | {median(ours) * 1e3:.2f} |")
        print(f"| polars on Parquet (zstd, same order) | {median(peer) * 1e3:.1f} |")
        print(f"| ours: depth and flag filter over all samples | {median(scans) * 1e3:.0f} |")
        ratio = median(p / o for p, o in zip(peer, ours, strict=True))
        print(f"\nours is {ratio:.0f} times as fast; goal 50")


if __name__ == "__main__":
    sys.exit(main())

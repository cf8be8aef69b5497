"""Which samples belong to one map: hand-made samples, and the steps that `Times` finds."""

from __future__ import annotations

from pathlib import Path

import made_files
import numpy as np

from sdcviz.products import open_product
from sdcviz.products.times import Times
from sdcviz.products.window import depth_range, in_time, in_window, window_words


def moments(*texts: str) -> np.ndarray:
    return np.array(texts, "datetime64[ms]")


def test_levels_and_instants_share_out_every_sample_once(tmp_path: Path) -> None:
    product = open_product(made_files.write(tmp_path / "p.nc"))  # 0, 10, 50 m; three months
    grid, rng = product.grid(), np.random.default_rng(3)
    samples = {
        "depth": np.append(rng.uniform(0, 80, 500), [5.0, 30.0, np.nan]),
        "time": np.append(
            moments("2001-01-02") + rng.integers(0, 88 * 86_400_000, 500), moments(*["NaT"] * 3)
        ),
    }
    times = [in_window(product, "", samples, 0.0, t) for t in range(3)]
    every = sum(in_window(product, "", samples, d, t) for d in grid.depth for t in range(3))
    step = grid.times.steps(samples["time"])
    inside = (step >= 0) & (samples["depth"] <= grid.level_edges[-1])
    assert every.max() == 1 and ((every == 1) == inside).all()
    assert not times[0][-3:].any(), "no time: of no step"
    assert depth_range(grid, 10.0) == (5.0, 30.0)
    assert depth_range(grid, 12.0, 7.0) == (3.0, 17.0)
    near = in_window(product, "", samples, 10.0, 1, (7.0, 3.0))
    day = np.abs((samples["time"] - grid.times.values[1]) / np.timedelta64(1, "D"))
    expected = (np.abs(samples["depth"] - 10) <= 7) & (day <= 3)
    assert near.any() and (near == expected).all()
    assert window_words(product, "", 10.0, 1, (7.0, 3.0)) == (
        f"3 to 17 m, 3 days around {grid.times.labels[1]}"
    )


def test_months_of_any_year() -> None:
    months = tuple(frozenset({m}) for m in range(1, 13))
    times = Times(np.full(12, "NaT", "datetime64[ms]"), tuple("JFMAMJJASOND"), None, months)
    when = moments("1960-01-31T23:59", "1999-02-01", "2020-12-31", "2003-01-16", "NaT")
    assert in_time(times, when, 0).tolist() == [True, False, False, True, False]
    # Twenty days around the middle of January reach into December, of any year.
    assert in_time(times, when, 0, 20).tolist() == [True, True, True, True, False]
    assert in_time(times, when, 0, 3).tolist() == [False, False, False, True, False]
    assert (times.steps(when)[:4] == [0, 1, 11, 0]).all()


def test_seasons_of_two_decades() -> None:
    winter = frozenset({12, 1, 2})
    bounds = np.array(
        [["1990-12-01", "2000-03-01"], ["2000-12-01", "2010-03-01"]], "datetime64[ms]"
    )
    times = Times(bounds[:, 0], ("a", "b"), bounds, (winter,) * 2)
    when = moments("1995-01-15", "2005-01-15", "1995-07-15", "1995-12-20", "2015-01-15")
    assert in_time(times, when, 0).tolist() == [True, False, False, True, False]
    assert in_time(times, when, 1).tolist() == [False, True, False, False, False]
    assert in_time(times, when, 0, 2).tolist() == [True, False, False, False, False]


def test_a_field_without_depth_and_time_takes_all(tmp_path: Path) -> None:
    path = made_files.write(tmp_path / "flat.nc", depth=None, time=None)
    samples = {"depth": np.array([0.0, np.nan]), "time": moments("2001-01-01", "NaT")}
    product = open_product(path)
    assert in_window(product, "", samples, None, None).all()
    assert window_words(product, "", None, None) == "all of them"

"""Scores against plain numpy, and bounds against many draws of the whole."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from sdcviz.reviews.collocated import Collocated
from sdcviz.reviews.skill import intervals, rows_of


def made(n: int, seed: int = 1):
    """Give samples in 2 x 3 x 2 x 1 parts, with cruises that have errors of their own."""
    random = np.random.default_rng(seed)
    cluster = random.integers(0, 40, n)
    observed = random.normal(14, 3, n)
    value = observed - random.normal(0, 0.3, n) - random.normal(0, 0.5, 40)[cluster]
    none = np.zeros(n)
    whole = none.astype(np.int16)
    samples = Collocated(
        none, none, none, none.astype("datetime64[ms]"), whole, whole, observed, value, none,
        whole, whole, {}, np.full(n, 0.6),
    )  # fmt: skip
    codes = [random.integers(0, k, n).astype(np.int16) for k in (2, 3, 2, 1)]
    strata = SimpleNamespace(
        shape=(2, 3, 2, 1), layer=codes[0], month=codes[1], area=codes[2], decade=codes[3]
    )
    return samples, strata, cluster


def test_every_part_and_margin():
    samples, strata, cluster = made(3000)
    rows = rows_of(samples, strata, cluster)
    assert len(rows) == 3 * 4 * 3 * 2
    for row in rows[:: len(rows) // 9]:
        own = np.ones(3000, bool)
        for name in ("layer", "month", "area", "decade"):
            if row[name] is not None:
                own &= getattr(strata, name) == row[name]
        r, o, p = samples.residual[own], samples.observed[own], samples.value[own]
        assert row["n"] == own.sum()
        assert row["bias"] == pytest.approx(r.mean())
        assert row["mae"] == pytest.approx(np.abs(r).mean())
        assert row["rmse"] == pytest.approx(np.sqrt((r**2).mean()))
        assert row["urmse"] == pytest.approx(r.std())
        assert row["correlation"] == pytest.approx(np.corrcoef(o, p)[0, 1])
        assert row["sd_ratio"] == pytest.approx(p.std() / o.std())
        assert row["within1"] == pytest.approx((np.abs(r) <= 0.6).mean())
        assert row["bias_low"] < row["bias"] < row["bias_high"]


def test_whole_cruises_are_drawn():
    samples, strata, cluster = made(3000)
    whole = next(r for r in rows_of(samples, strata, cluster, 1000) if r["decade"] is None
                 and r["layer"] is None and r["month"] is None and r["area"] is None)  # fmt: skip
    # Forty cruises with errors of 0.5: far wider than 3000 free samples would have.
    width = whole["bias_high"] - whole["bias_low"]
    assert 0.5 * 4 * 0.5 / np.sqrt(40) < width < 1.5 * 4 * 0.5 / np.sqrt(40)


def test_few_cruises_give_no_bounds():
    samples, strata, _ = made(300)
    rows = rows_of(samples, strata, np.arange(300) % 4)
    assert all(np.isnan(r["bias_low"]) and np.isnan(r["rmse_high"]) for r in rows)


def test_a_pick_has_the_bounds_of_the_review():
    samples, strata, cluster = made(3000)
    rows = rows_of(samples, strata, cluster)
    own = intervals(strata.layer.astype(np.int64), cluster, samples.residual, 2)
    for layer in (0, 1):
        row = next(r for r in rows if r["layer"] == layer and r["month"] is None
                   and r["area"] is None and r["decade"] is None)  # fmt: skip
        for name, bound in own.items():
            assert bound[layer] == pytest.approx(row[name], rel=1e-5)

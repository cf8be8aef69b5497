"""Derived parameters against gsw, station by station."""

from __future__ import annotations

import gsw
import numpy as np
import pytest

from sdcviz.errors import NotFound
from sdcviz.formats.model import Column, Parameter
from sdcviz.observations import build_collection, open_collection
from sdcviz.observations.derived import DERIVED, available, compute, mixed_layer_depth

from .synthetic import OXYGEN, PSAL, TEMP, batch, sha


@pytest.fixture(scope="module")
def water(tmp_path_factory):
    """Open casts that look like water, with gaps."""
    rng = np.random.default_rng(5)
    b = batch(30, 5, parameters=(TEMP, PSAL, OXYGEN), levels=40)
    for i in range(30):
        run = slice(b.offsets[i], b.offsets[i + 1])
        n = run.stop - run.start
        b.depth[run] = np.arange(n) * 7.0
        cold = 1 / (1 + np.exp(-(b.depth[run] - 40 - i) / 8))
        b.columns[0].values[run] = np.round(20 - 8 * cold, 3)
        b.columns[1].values[run] = np.round(36 + 2 * cold, 3)
        b.columns[2].values[run] = np.round(220 + 20 * cold, 1)
    for column in b.columns:
        column.flags[:] = ord("1")
        gone = rng.random(b.n_samples) < 0.1
        column.values[gone], column.flags[gone] = np.nan, ord("9")
    b.columns[1].flags[::7] = np.where(b.columns[1].flags[::7] == ord("9"), ord("9"), ord("4"))
    folder = tmp_path_factory.mktemp("derived") / "c"
    build_collection([("a", sha("a"), [b])], folder)
    return open_collection(folder)


def by_hand(c, key: str, i: int) -> np.ndarray:
    run = slice(c.offsets[i], c.offsets[i + 1])
    t, s = c.values("temperature")[run].astype(float), c.values("salinity")[run].astype(float)
    lon, lat = c.lon[i], c.lat[i]
    p = gsw.p_from_z(-c.depth[run].astype(float), lat)
    sa = gsw.SA_from_SP(s, p, lon, lat)
    ct = gsw.CT_from_t(sa, t, p)
    if key == "derived:N2":
        out = np.full(len(t), np.nan)
        good = np.flatnonzero(np.isfinite(sa + ct + p))
        if len(good) > 1:
            out[good[:-1]] = gsw.Nsquared(sa[good], ct[good], p[good], lat)[0]
        return out
    oxygen_key = next(k for k in c.keys if "oxygen" in k)
    oxygen = c.values(oxygen_key)[run].astype(float)
    sigma = gsw.sigma0(sa, ct)
    return {
        "derived:SA": sa,
        "derived:CT": ct,
        "derived:sigma0": sigma,
        "derived:sound_speed": gsw.sound_speed(sa, ct, p),
        "derived:o2_saturation": 100
        * (oxygen * 1000 / (1000 + sigma))
        / gsw.O2sol(sa, ct, p, lon, lat),
    }[key]


@pytest.mark.parametrize("key", [k for k in DERIVED if k != "derived:mld"])
def test_derived_values_are_those_of_gsw(water, key):
    values, flags = compute(water, key, np.arange(water.n_stations))
    assert np.isfinite(values).sum() > 50
    for i in range(water.n_stations):
        run = slice(water.offsets[i], water.offsets[i + 1])
        np.testing.assert_allclose(values[run], by_hand(water, key, i), rtol=1e-5, atol=1e-9)
    assert (flags[np.isnan(values)] == ord("9")).all()


def test_the_worst_flag_is_inherited(water):
    values, flags = compute(water, "derived:SA", np.arange(water.n_stations))
    known = np.isfinite(values)
    bad = water.flags("salinity") == ord("4")
    assert (flags[known & bad] == ord("4")).all()
    assert (flags[known & ~bad] == ord("1")).all()
    assert (known & bad).any()


def test_mixed_layer_depth_is_where_density_has_risen(water):
    found = mixed_layer_depth(water)
    sigma, _ = compute(water, "derived:sigma0", np.arange(water.n_stations))
    told = 0
    for i in range(water.n_stations):
        run = slice(water.offsets[i], water.offsets[i + 1])
        z, s = water.depth[run].astype(float), sigma[run]
        good = np.isfinite(z + s)
        z, s = z[good], s[good]
        if len(z) == 0 or z[0] > 10 or z[-1] < 10:
            assert np.isnan(found[i])
            continue
        limit = np.interp(10.0, z, s) + 0.03
        deeper = np.flatnonzero((s > limit) & (z >= 10))
        if not len(deeper):
            assert np.isnan(found[i])
            continue
        k = deeper[0]
        expected = z[k - 1] + (z[k] - z[k - 1]) * (limit - s[k - 1]) / (s[k] - s[k - 1])
        assert found[i] == pytest.approx(expected, abs=1e-6)
        told += 1
    assert told > 10


def test_derived_keys_work_like_parameters(water):
    assert "derived:sigma0" in available(water)
    info = water.parameter("derived:sigma0")
    assert (info.label, info.unit) == ("Potential density anomaly", "kg/m³")
    low, high = info.range
    chosen = water.where(parameter="derived:sigma0", value=(low, (low + high) / 2), flags=("1",))
    assert 0 < chosen.n_samples < water.n_samples
    samples = chosen.samples("derived:sigma0", "temperature")
    assert (samples["value"] <= (low + high) / 2).all()
    assert (samples["flag"] == ord("1")).all()
    assert len(samples["temperature"]) == chosen.n_samples
    everything, _ = compute(water, "derived:sigma0", np.arange(water.n_stations))
    np.testing.assert_array_equal(samples["value"], everything[chosen.sample_numbers])
    assert water.where(parameters=("derived:sigma0",)).n_stations > 0


def test_what_is_missing_is_named(tmp_path):
    only = Column(
        Parameter("Chlorophyll", "mg/m3", "CPHLZZXX", "UMMC"), np.ones(1), np.ones(1, "u1")
    )
    b = batch(1, 1, parameters=(TEMP,), levels=2)
    assert only.parameter.name and b.n_samples == 1
    b.columns = [only]
    build_collection([("a", sha("a"), [b])], tmp_path / "c")
    c = open_collection(tmp_path / "c")
    assert available(c) == []
    with pytest.raises(NotFound, match="needs temperature, salinity"):
        c.values("derived:sigma0")
    with pytest.raises(NotFound, match="no derived parameter 'derived:colour'"):
        c.values("derived:colour")

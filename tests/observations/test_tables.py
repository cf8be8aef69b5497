"""Tables, cards, counts and histograms say what the arrays say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sdcviz.errors import BadRequest, NotFound
from sdcviz.observations import histogram, station_means
from sdcviz.observations.kernels import restore


def test_the_station_table_has_every_station(profiles):
    table = profiles.stations
    assert len(table) == profiles.n_stations
    assert table.samples.sum() == profiles.n_samples
    assert table.id.is_unique
    assert (table.id == [profiles.station_id(i) for i in range(profiles.n_stations)]).all()
    assert (table.cruise == profiles.text("cruise").texts()).all()


@pytest.mark.parametrize(
    "sort", ["time", "longitude", "samples", "cruise", "station", "data_centre", "id", "row"]
)
@pytest.mark.parametrize("descending", [False, True])
def test_pages_are_slices_of_the_sorted_table(profiles, sort, descending):
    chosen = profiles.where(months=(1, 2, 3, 4, 5, 6))
    pages = [
        chosen.table(page, 10, sort, descending) for page in range(1, chosen.n_stations // 10 + 3)
    ]
    whole = pd.concat([p for p in pages if len(p)])
    assert len(pages[-1]) == 0
    assert sorted(whole.index) == chosen.rows.tolist()
    if sort not in ("row", "id"):
        values = whole[sort]
        ordered = values.dropna()
        assert ordered.is_monotonic_decreasing if descending else ordered.is_monotonic_increasing


def test_a_minus_sorts_downwards(profiles):
    whole = profiles.where()
    assert whole.table(1, 5, "-samples").samples.is_monotonic_decreasing


def test_nonsense_pages_are_refused(profiles):
    with pytest.raises(BadRequest, match="pages count from 1"):
        profiles.where().table(0)
    with pytest.raises(BadRequest, match="can't be sorted by 'colour'"):
        profiles.where().table(sort="colour")


def test_counts_add_up(profiles):
    chosen = profiles.where(box=(-180, -90, 100, 90))
    for by in ("cruise", "platform", "data_centre", "source", "year", "month", "feature"):
        counts = chosen.counts(by)
        assert sum(counts.values()) == chosen.n_stations
        assert list(counts.values()) == sorted(counts.values(), reverse=True)
    assert chosen.counts("source")["one.txt"] == (profiles.source[chosen.rows] == 0).sum()
    with pytest.raises(BadRequest, match="can't be counted by 'colour'"):
        chosen.counts("colour")


def test_histograms_count_everything(profiles):
    assert histogram(profiles, "time", 12).counts.sum() == (~np.isnat(profiles.time)).sum()
    depth = restore(profiles.depth)
    found = histogram(profiles, "depth", 20)
    expected, _ = np.histogram(depth[np.isfinite(depth)], found.edges)
    np.testing.assert_array_equal(found.counts, expected)
    info = profiles.parameter("temperature")
    assert histogram(profiles, "temperature").counts.sum() == info.n_values
    chosen = profiles.where(parameter="temperature", value=(10, 20), flags=("1",))
    one = histogram(profiles, "temperature", 5, chosen, limits=(10, 20))
    assert one.counts.sum() == chosen.n_samples
    assert histogram(profiles, "temperature", 5, chosen, limits=(10, 20)) is one
    with pytest.raises(BadRequest, match="at least one bin"):
        histogram(profiles, "time", 0)
    with pytest.raises(BadRequest, match="is text"):
        histogram(profiles, "species")


def test_station_means_are_exact(profiles):
    found = station_means(profiles, "temperature", depth=(0, 800), flags=("1", "2"))
    values = profiles.values("temperature").astype(float)
    station = np.repeat(np.arange(profiles.n_stations), np.diff(profiles.offsets))
    flag, depth_flag = profiles.flags("temperature"), profiles.depth_flag
    good = np.isin(flag, [49, 50]) & ~np.isin(depth_flag, [51, 52]) & (profiles.depth <= 800)
    for place in (profiles.position_flag, profiles.time_flag):
        good &= ~np.isin(place[station], [51, 52])
    good &= ~np.isnan(values)
    expected = pd.Series(values[good]).groupby(station[good]).mean()
    expected = expected.reindex(range(profiles.n_stations)).to_numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert np.isfinite(expected).sum() > 10
    assert station_means(profiles, "temperature", (0, 800), ("1", "2")) is found


def test_the_profile_has_the_parameters_of_its_file(profiles):
    i = int(np.flatnonzero((profiles.source == 1) & (np.diff(profiles.offsets) > 2))[0])
    table = profiles.profile(i)
    a, b = profiles.offsets[i], profiles.offsets[i + 1]
    oxygen = next(k for k in profiles.keys if "oxygen" in k)
    assert list(table.columns) == [
        *("depth", "depth_flag", oxygen, f"{oxygen}_flag", "species", "species_flag")
    ]
    np.testing.assert_array_equal(table[oxygen], profiles.values(oxygen)[a:b])
    assert table.species.tolist() == profiles.values("species").texts()[a:b]


def test_stations_are_found_by_any_name(profiles):
    assert profiles.find_station(profiles.station_id(17)).tolist() == [17]
    card = profiles.station(17)
    both = profiles.find_station(card["local_cdi_id"])
    assert 17 in both
    texts = profiles.text("local_cdi_id").texts()
    assert both.tolist() == [i for i, t in enumerate(texts) if t == card["local_cdi_id"]]
    assert 17 in profiles.find_station(f"{card['cruise']}/{card['station']}")
    assert profiles.find_station("17").tolist() == [17]
    for unknown in ("CDI-99-99", "0123456789abcdef:1", "CRUISE 1/none", "100000", ""):
        with pytest.raises(NotFound, match="no station"):
            profiles.find_station(unknown)


@pytest.mark.parametrize(
    ("lon", "lat", "radius"), [(10, 40, 3000), (179.9, 0, 4000), (-179, 5, 4000), (0, 85, 3000)]
)
def test_neighbours_are_those_of_the_sphere(profiles, lon, lat, radius):
    rows, distances = profiles.near(lon, lat, radius)

    def on_sphere(x, y):
        x, y = np.radians(x), np.radians(y)
        return np.stack([np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)])

    cosine = on_sphere(lon, lat) @ on_sphere(profiles.lon, profiles.lat)
    true = 6371.0088 * np.arccos(np.clip(cosine, -1, 1))
    expected = np.flatnonzero(true <= radius)
    assert sorted(rows.tolist()) == expected.tolist()
    assert len(expected)
    np.testing.assert_allclose(distances, true[rows], atol=1e-3)
    assert (np.diff(distances) >= 0).all()


def test_the_card_tells_all(profiles):
    i = int(np.flatnonzero((profiles.edmo == 486) & (profiles.source == 0))[0])
    card = profiles.station(i)
    assert card["data_centre"]["code"] == 486
    assert card["links"]["CDI record"].endswith(f"/486/{card['local_cdi_id']}")
    assert [p["p01"] for p in card["parameters"]] and card["source"]["name"] == "one.txt"
    with pytest.raises(NotFound, match="no station 1000"):
        profiles.station(1000)


def test_samples_are_the_rows_of_the_columns(mixed):
    chosen = mixed.where(depth=(100, 900), parameter="temperature", flags=("1", "0"))
    samples = chosen.samples("temperature", "salinity")
    n = chosen.sample_numbers
    np.testing.assert_array_equal(samples["value"], mixed.values("temperature")[n])
    np.testing.assert_array_equal(samples["salinity_flag"], mixed.flags("salinity")[n])
    np.testing.assert_array_equal(samples["depth"], mixed.depth[n])
    station = np.repeat(np.arange(mixed.n_stations), np.diff(mixed.offsets))[n]
    np.testing.assert_array_equal(samples["station"], station)
    np.testing.assert_array_equal(samples["lon"], mixed.lon[station])
    time = np.where(np.isnat(mixed.sample_time[n]), mixed.time[station], mixed.sample_time[n])
    np.testing.assert_array_equal(samples["time"], time)
    present = chosen.samples("temperature", present=True)
    assert len(present["depth"]) == present.n == np.isfinite(samples["value"]).sum()
    assert set(samples) >= {"station", "sample", "depth", "time", "lon", "lat", "value", "flag"}


def test_the_frame_and_the_dataset_agree(profiles):
    chosen = profiles.where(depth=(0, 300))
    frame, ragged = chosen.to_dataframe(), chosen.to_xarray()
    assert len(frame) == chosen.n_samples == ragged.sizes["sample"]
    assert ragged.sizes["station"] == chosen.n_stations
    assert int(ragged.row_size.sum()) == chosen.n_samples
    np.testing.assert_array_equal(frame.temperature, ragged.temperature)
    assert set(frame.depth_flag) <= set("0134")
    np.testing.assert_array_equal(
        restore(frame.depth.to_numpy()), restore(chosen.take(profiles.depth))
    )


def test_the_notebook_shows_a_short_summary(profiles):
    html = profiles._repr_html_()
    assert "150" in html and "Temperature" in html and len(html) < 2000
    assert repr(profiles.where(rows=[1])).startswith("<Selection: 1 of 150 stations")


def test_info_tells_what_the_command_line_needs(profiles):
    info = profiles.info()
    assert (info["stations"], info["samples"]) == (150, profiles.n_samples)
    assert len(info["time"]) == len(info["lon"]) == len(info["lat"]) == 2
    assert info["data_centres"]["486"] == (profiles.edmo == 486).sum()
    assert [f["name"] for f in info["files"]] == ["one.txt", "two.txt"]
    assert {"name", "p01", "unit", "values", "flags"} <= set(info["parameters"][0])

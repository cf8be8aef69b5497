import csv
from collections import Counter

import gsw
import numpy as np
import pytest

import sdcviz
from sdcviz.analyses import check_layout
from sdcviz.cli.demo_products import make_products
from sdcviz.demo import ERRORS_FILE, make_demo, synthetic_files
from sdcviz.demo.planted import BIAS, RATES
from sdcviz.errors import BadRequest
from sdcviz.geo.land import on_land
from sdcviz.geo.projection import distance_km
from sdcviz.settings import get_settings
from sdcviz.vocabularies import label

STATIONS = 1500


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_demo(tmp_path_factory.mktemp("demo") / "sea", STATIONS)


@pytest.fixture(scope="module")
def demo(folder):
    return sdcviz.open_collection(folder)


@pytest.fixture(scope="module")
def planted(folder):
    with (folder / ERRORS_FILE).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def row_of(demo):
    return {demo.station_id(i): i for i in range(demo.n_stations)}


@pytest.fixture(scope="module")
def spoilt(planted, row_of):
    """Rows of stations with an error, apart from the bias and the good copies."""
    return {row_of[e["station_id"]] for e in planted if e["kind"] not in ("biased cruise",)}


def values(demo, key, i):
    part = slice(demo.offsets[i], demo.offsets[i + 1])
    return np.asarray(demo.values(key)[part], float)


def depths(demo, i):
    return np.asarray(demo.depth[demo.offsets[i] : demo.offsets[i + 1]])


def test_size_and_time(demo):
    copies = max(1, round(RATES["duplicate"] * STATIONS))
    assert demo.n_stations == STATIONS + copies
    lengths = np.diff(demo.offsets)
    assert 20 <= lengths.min() and lengths.max() <= 50
    years = np.asarray(demo.time).astype("datetime64[Y]").astype(int) + 1970
    assert set(years) == set(range(1991, 2021))


def test_several_parameters_centres_and_cruises(demo):
    assert {p.key for p in demo.parameters} == {"temperature", "salinity", "oxygen_umol_kg"}
    centres = set(np.unique(demo.edmo).tolist())
    assert len(centres) >= 5
    for centre in centres:
        assert label("EDMO", centre).startswith("Synthetic data centre")
    assert len(set(demo.text("cruise").labels)) > 100


def test_everything_says_that_it_is_synthetic(demo):
    assert demo.name.startswith("Synthetic")
    assert all(name.startswith("Synthetic") for name in demo.text("platform").labels)
    assert demo.text("Kind of data").labels == ["SYNTHETIC: made by sdcviz demo, not measured"]


def test_no_station_on_land_but_the_planted_ones(demo, planted, row_of):
    moved = {row_of[e["station_id"]] for e in planted if e["kind"] == "on land"}
    signs = {row_of[e["station_id"]] for e in planted if e["kind"] == "position sign"}
    land = set(np.flatnonzero(on_land(demo.lon, demo.lat)).tolist())
    assert moved <= land <= moved | signs


def test_ships_sail_at_a_ships_speed(demo, spoilt):
    cruise = np.asarray(demo.text("cruise").codes)
    good = np.setdiff1d(np.arange(demo.n_stations), list(spoilt))
    order = good[np.lexsort((np.asarray(demo.time)[good], cruise[good]))]
    same = cruise[order[1:]] == cruise[order[:-1]]
    a, b = order[:-1][same], order[1:][same]
    km = distance_km(demo.lon[a], demo.lat[a], demo.lon[b], demo.lat[b])
    hours = (demo.time[b] - demo.time[a]) / np.timedelta64(1, "h")
    assert np.all(hours > 0) and np.max(km / hours) < 25 * 1.852


def test_density_never_decreases_but_where_planted(demo, spoilt):
    worst = 0.0
    for i in range(demo.n_stations):
        t, s = values(demo, "temperature", i), values(demo, "salinity", i)
        if i in spoilt or np.isnan(s).any():
            continue
        p = gsw.p_from_z(-depths(demo, i), demo.lat[i])
        sa = gsw.SA_from_SP(s, p, demo.lon[i], demo.lat[i])
        sigma = gsw.sigma0(sa, gsw.CT_from_t(sa, t, p))
        worst = min(worst, np.diff(sigma).min())
    # What rounding to three decimals leaves; inversions count from 0.03 kg/m3 on.
    assert worst > -0.003


def test_values_are_those_of_the_seas(demo, spoilt):
    station = np.repeat(np.arange(demo.n_stations), np.diff(demo.offsets))
    good = ~np.isin(station, list(spoilt))
    black = ((demo.lon > 27.4) & (demo.lat > 40.85))[station]
    depth = np.asarray(demo.depth)
    t, s = np.asarray(demo.values("temperature")), np.asarray(demo.values("salinity"))
    oxygen = np.asarray(demo.values("oxygen_umol_kg"))

    def between(part, column, low, high):
        found = column[good & part]
        found = found[np.isfinite(found)]
        assert len(found) > 20 and low <= found.min() and found.max() <= high

    between(black & (depth < 10), s, 14, 19.5)
    between(black & (depth > 500), s, 21.5, 22.5)
    between(black & (depth > 50) & (depth < 70), t, 5.5, 10.5)  # the cold intermediate layer
    between(black & (depth > 200), oxygen, 0, 5)
    between(~black & (depth > 1500), t, 12.5, 14.8)
    between(~black & (depth > 1500), s, 38.3, 39.1)
    between(~black, oxygen, 120, 360)
    august = np.asarray(demo.time).astype("datetime64[M]").astype(int)[station] % 12 == 7
    february = np.asarray(demo.time).astype("datetime64[M]").astype(int)[station] % 12 == 1
    surface = good & (depth < 3)
    assert t[surface & august].mean() - t[surface & february].mean() > 8


def test_flags_are_mostly_good(demo):
    flags = Counter()
    for p in demo.parameters:
        flags.update({k: v for k, v in p.flags.items() if k != "9"})
    total = sum(flags.values())
    assert set(flags) == {"0", "1", "2"}
    assert flags["1"] > 0.8 * total and flags["2"] > 0.02 * total and flags["0"] > 0.02 * total
    missing = np.isnan(demo.values("salinity"))
    assert np.array_equal(missing, np.asarray(demo.source_flags("salinity")) == ord("9"))


def test_every_kind_is_planted_at_its_rate(planted):
    counts = Counter(e["kind"] for e in planted)
    for kind, rate in RATES.items():
        assert counts[kind] == max(1, round(rate * STATIONS))
    assert set(counts) == {*RATES, "biased cruise"}
    ids = [e["station_id"] for e in planted]
    assert len(set(ids)) == len(ids)


def test_list_matches_the_data(demo, planted, row_of):
    keys = {"TEMP": "temperature", "PSAL": "salinity", "DOXY": "oxygen_umol_kg"}
    for e in planted:
        i = row_of[e["station_id"]]
        card = demo.station(i)
        assert e["cruise"] in str(card) and e["station"] in str(card)
        if e["kind"] in ("spike", "density inversion"):
            column = values(demo, keys[e["parameter"]], i)
            assert column[int(e["sample"])] == pytest.approx(float(e["planted"]), rel=1e-5)
            assert abs(float(e["planted"]) - float(e["original"])) > 0.05
        elif e["kind"] == "temperature sign":
            assert np.all(values(demo, "temperature", i) < 0)
        elif e["kind"] == "position sign":
            assert demo.lon[i] == pytest.approx(float(e["planted"]))
            assert demo.lon[i] == pytest.approx(-float(e["original"]))
        elif e["kind"] == "on land":
            assert [demo.lon[i], demo.lat[i]] == [float(v) for v in e["planted"].split()]
        elif e["kind"] == "duplicate":
            twin = row_of[e["original"]]
            assert distance_km(demo.lon[i], demo.lat[i], demo.lon[twin], demo.lat[twin]) < 0.5
            assert np.array_equal(values(demo, "temperature", i), values(demo, "temperature", twin))
            assert demo.edmo[i] != demo.edmo[twin]


def test_inversions_and_spikes_can_be_found(demo, planted, row_of):
    for e in planted:
        i = row_of[e["station_id"]]
        k = int(e["sample"] or 0)
        if e["kind"] == "density inversion":
            p = gsw.p_from_z(-depths(demo, i), demo.lat[i])
            sa = gsw.SA_from_SP(values(demo, "salinity", i), p, demo.lon[i], demo.lat[i])
            sigma = gsw.sigma0(sa, gsw.CT_from_t(sa, values(demo, "temperature", i), p))
            assert sigma[k] - sigma[k - 1] < -0.1
        elif e["kind"] == "spike" and e["parameter"] in ("TEMP", "PSAL"):
            v = values(demo, {"TEMP": "temperature", "PSAL": "salinity"}[e["parameter"]], i)
            test = abs(v[k] - (v[k - 1] + v[k + 1]) / 2) - abs(v[k + 1] - v[k - 1]) / 2
            assert test > (6.0 if e["parameter"] == "TEMP" else 0.9)


def test_the_biased_cruise_is_whole(demo, planted, row_of):
    rows = [row_of[e["station_id"]] for e in planted if e["kind"] == "biased cruise"]
    (cruise,) = {e["cruise"] for e in planted if e["kind"] == "biased cruise"}
    codes = demo.text("cruise")
    assert len(rows) == np.count_nonzero(codes.codes == codes.labels.index(cruise))
    assert all(e["planted"] == f"{BIAS:+g}" for e in planted if e["kind"] == "biased cruise")


def hashes(stations, seed):
    """Identity and content of all batches."""
    errors = []
    content = [
        (sha256, batch.depth.tobytes(), *(c.values.tobytes() for c in batch.columns))
        for _, sha256, batches in synthetic_files(stations, seed, errors)
        for batch in batches
    ]
    return content, errors


def test_same_seed_same_data():
    assert hashes(120, 5) == hashes(120, 5)
    assert hashes(120, 5)[0] != hashes(120, 6)[0]


def test_made_once(folder):
    before = (folder / "collection.json").stat().st_mtime_ns
    assert make_demo(folder, STATIONS) == folder
    assert (folder / "collection.json").stat().st_mtime_ns == before


def test_progress_counts_stations(tmp_path):
    told = []
    make_demo(tmp_path / "few", 40, lambda *a: told.append(a))
    assert told[-1][:2] == (40, 40)


@pytest.mark.parametrize("stations", [1, 2, 13])
def test_tiny_demos_work(tmp_path, stations):
    c = sdcviz.open_collection(make_demo(tmp_path / "tiny", stations))
    assert c.n_stations >= stations


def test_no_stations_is_refused(tmp_path):
    with pytest.raises(BadRequest, match="ask for at least 1"):
        make_demo(tmp_path / "none", 0)


def test_its_products_are_two_versions_of_one_climatology(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("SDCVIZ_DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    coarse = {"resolution": 1.0, "levels": (0, 100), "workers": 1}
    made = make_products(folder, **coarse)
    assert [path.name for path in made] == ["sea_temperature_v0.9.nc", "sea_temperature.nc"]
    products = [sdcviz.open_product(path) for path in made]
    assert [p.info()["version"] for p in products] == ["0.9", "1.0"]
    for product in products:
        assert product.variables[0] == "Temperature" and product.roles_of("Temperature").error
        assert product.grid().times.labels[6] == "July" and not check_layout(product.path)
    # What is there is not made again.
    times = [path.stat().st_mtime_ns for path in made]
    assert make_products(folder, **coarse) == made
    assert [path.stat().st_mtime_ns for path in made] == times
    get_settings.cache_clear()

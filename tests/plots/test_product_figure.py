"""Figures of products: what they say, where things lie, which colours; and the Python of them."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import hand_made
import numpy as np
import pytest
import xarray as xr
from cartopy.crs import PlateCarree
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.patches import PathPatch
from PIL import Image

from sdcviz import open_product
from sdcviz.errors import BadRequest
from sdcviz.observations import import_files, open_collection
from sdcviz.plots import save_figure
from sdcviz.plots.product_animation import Dots, animate
from sdcviz.plots.product_comparison import Comparison
from sdcviz.plots.product_figure import DRAWN, product_figure
from sdcviz.plots.product_figure_ground import sheet_for
from sdcviz.plots.product_snippet import Shown, product_snippet
from sdcviz.products import Product
from sdcviz.products.asked import KINDS, Asked
from sdcviz.products.beside import observations_beside
from sdcviz.products.difference import difference
from sdcviz.products.export import write

PLACE, LINE, AREA = (5.0, 41.0), "4,41 8,43", "4,40,8,43"
NO_BREAK = "\N{NO-BREAK SPACE}"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Product:
    return open_product(hand_made.product(tmp_path_factory.mktemp("figures") / "p.nc"))


def texts(made: object, tmp_path: Path) -> str:
    path = save_figure(made, tmp_path / "figure.svg")  # type: ignore[arg-type]
    found = ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")
    return " ".join("".join(t.itertext()) for t in found).replace(NO_BREAK, " ")


def meshes(made: object) -> list[QuadMesh]:
    return [m for ax in made.axes for m in ax.collections if isinstance(m, QuadMesh)]  # type: ignore[attr-defined]


def test_every_kind_can_be_drawn() -> None:
    assert set(DRAWN) == set(KINDS)


# ---- maps --------------------------------------------------------------------------
def test_a_map_shows_the_layer_its_mask_and_its_range(product: Product, tmp_path: Path) -> None:
    asked = Asked("map", "Temperature", time="February", depth=10, mask=0.3)
    with xr.open_dataset(product.path) as file:
        step = file.isel(time=1).sel(depth=10)
        expected = step.Temperature.values
        hidden = np.isfinite(expected) & (step.Temperature_relerr.values > np.float32(0.3))
    assert hidden.any()
    shown = np.where(hidden, np.nan, expected)
    low, high = float(np.nanquantile(shown, 0.2)), float(np.nanmax(shown))
    made = product_figure(product, asked, limits=(low, high), line=LINE, place=PLACE)
    field = meshes(made)[0]
    np.testing.assert_array_equal(field.get_array().filled(np.nan), shown)
    assert (field.norm.vmin, field.norm.vmax) == (low, high)
    below = int((shown < low).sum())
    said = texts(made, tmp_path)
    for words in ("10 m, February", "Test climatology", "at most 0.3", "cells are hatched", "°C]",
                  f"{below} values below", "Natural Earth", "sdcviz ", "°E", "°N"):  # fmt: skip
        assert words in said, words
    bars = [c.colorbar for c in (field,)]
    assert bars[0].extend == "min", "an arrow where values lie below, none above"
    # The hatching covers the masked cells: their area, in the projection.
    hatch = [p for p in made.axes[0].patches if isinstance(p, PathPatch) and p.get_hatch()]
    corners = hatch[0].get_path().vertices.reshape(-1, 5, 2)
    half = product.grid().lon[1] - product.grid().lon[0]
    widths = np.ptp(corners[..., 0], axis=1) / (np.ptp(made.axes[0].get_xlim()) / 14)
    assert half == 0.5 and widths.sum() == pytest.approx(hidden.sum())
    # The map reaches as far as the cells do.
    ax = made.axes[0]
    ends = PlateCarree().transform_points(
        ax.projection, np.array(ax.get_xlim()), np.array(ax.get_ylim())
    )
    west, south, east, north = product.grid().box
    np.testing.assert_allclose(ends[:, 0], [west - 0.25, east + 0.25], atol=0.02)
    np.testing.assert_allclose(ends[:, 1], [south - 0.25, north + 0.25], atol=0.02)


@pytest.mark.parametrize(
    ("box", "name"),
    [
        ((-6, 30, 36, 46), "mercator"),
        ((-60, 30, 20, 70), "lambert"),
        ((-180, 60, 180, 90), "arctic"),
        ((-180, -90, 180, -55), "antarctic"),
        ((-180, -90, 180, 90), "platecarree"),
        ((150, -20, -150, 20), "mercator"),
    ],
)
def test_the_projection_fits_the_area(box: tuple, name: str) -> None:
    sheet = sheet_for(box)
    assert sheet.name == name
    x, y = sheet.points([box[0], (box[0] + sheet.box[2]) / 2], [box[1], (box[1] + box[3]) / 2])
    west, south, east, north = sheet.view
    assert west - 1 <= x.min() and x.max() <= east + 1
    assert south - 1 <= y.min() and y.max() <= north + 1


def test_a_grid_around_the_earth_is_turned_to_the_pacific(tmp_path: Path) -> None:
    lon, lat = np.arange(-179.5, 180, 1.0), np.arange(-10.0, 11, 5)
    values = np.broadcast_to(lon % 360, (len(lat), len(lon))).astype("f4")
    xr.Dataset(
        {"t": (("lat", "lon"), values, {"units": "degC"})},
        {"lat": ("lat", lat, {"units": "degrees_north"}),
         "lon": ("lon", lon, {"units": "degrees_east"})},
    ).to_netcdf(tmp_path / "around.nc")  # fmt: skip
    made = product_figure(open_product(tmp_path / "around.nc"), Asked("map"),
                          extent=(140, -10, 220, 10))  # fmt: skip
    field = meshes(made)[0]
    row = field.get_array()[0]
    x = (field.get_coordinates()[0, 1:, 0] + field.get_coordinates()[0, :-1, 0]) / 2
    seen = (x > made.axes[0].get_xlim()[0]) & (x < made.axes[0].get_xlim()[1])
    np.testing.assert_allclose(row[seen], np.arange(140.5, 220))
    assert (field.norm.vmin, field.norm.vmax) == (140.5, 219.5), "the range of what is seen"


OBSERVED = {
    "lon": np.array([4.3, 4.4, 5.1, 5.2, 20.0]), "lat": np.array([41.1, 41.2, 42.0, 42.0, 41.0]),
    "value": np.array([12.0, 99.0, 13.0, 14.0, np.nan]),
    "residual": np.array([0.1, -0.2, 0.3, 0.1, 0.0]),
}  # fmt: skip


def dots_of(made: object) -> list[PathCollection]:
    return [c for ax in made.axes for c in ax.collections if isinstance(c, PathCollection)]  # type: ignore[attr-defined]


def test_residuals_have_a_bar_of_their_own_and_coverage_that_of_numbers(
    product: Product, tmp_path: Path
) -> None:
    layer = Asked("map", "Temperature", time="February", depth=10).layer(product)
    given = {"observations": OBSERVED, "window": "7.5 to 15 m"}
    made = DRAWN["map"](layer, **given, dots="residuals")
    (drawn,) = dots_of(made)
    assert sorted(drawn.get_array()) == [-0.2, 0.1, 0.1, 0.3], "one has no value"
    assert (drawn.norm.vmin, drawn.norm.vmax) == pytest.approx((-0.285, 0.285))
    said = texts(made, tmp_path)
    for words in ("Observation − product [°C]", "4 observations within 7.5 to 15 m",
                  "mean +0.075 °C, RMS 0.19 °C"):  # fmt: skip
        assert words in said, words
    made = DRAWN["map"](layer, **given, dots="coverage", contours=True)
    counts = meshes(made)[0].get_array()
    assert not dots_of(made)[0:1] and counts.sum() == 4 and counts.count() == 2
    said = texts(made, tmp_path)
    for words in ("Observations per cell", "4 observations within 7.5 to 15 m, in 2 cells"):
        assert words in said, words
    error = Asked("map", "Temperature", time="February", depth=10, error=True).layer(product)
    grey = dots_of(DRAWN["map"](error, **given))[0]
    assert grey.get_array() is None, "values are not in the colours of an error"


def test_two_maps_are_shown_as_they_are_compared(product: Product, tmp_path: Path) -> None:
    asked = Asked("map", "Temperature", time="February", depth=10)
    pair = Comparison(product, step=0)
    made = product_figure(product, asked, comparison=pair, observations=OBSERVED)
    first, second = meshes(made)[:2]
    layer = asked.layer(product)
    np.testing.assert_array_equal(first.get_array().filled(np.nan), layer.array())
    np.testing.assert_array_equal(second.get_array().filled(np.nan), pair.layer(layer).array())
    assert first.norm is second.norm and first.axes is not second.axes
    assert [d.axes for d in dots_of(made)] == [first.axes], "they were not made in January"
    said = texts(made, tmp_path)
    for words in ("10 m", "(a) February", "(b) January", "On (a) only"):
        assert words in said, words
    # Left and right of a line, on one map.
    swipe = Comparison(product, step=0, way="swipe", split=5.0)
    made = product_figure(product, asked, comparison=swipe)
    left, right = meshes(made)[:2]
    assert left.axes is right.axes
    at, west = right.get_clip_box().x0, left.get_clip_box().x0
    assert left.get_clip_box().x1 == at
    line = PlateCarree().transform_point(
        *left.axes.transData.inverted().transform((at, 0)), left.axes.projection
    )
    assert west < at and line[0] == pytest.approx(5.0)
    assert "Left of the line at 5.00° E: February; right of it: January" in texts(made, tmp_path)
    with pytest.raises(BadRequest, match="side, swipe, blink, difference"):
        Comparison(product, way="twice")


def test_a_diagram_takes_the_right_pair_and_the_observations_near(tmp_path: Path) -> None:
    z, lat, lon = np.array([0.0, 10.0]), np.array([40.0, 41.0]), np.array([4.0, 5.0])
    shape = (2, 2, 2)

    def field(value: float, name: str, units: str) -> tuple:
        about = {"units": units, "standard_name": name}
        return ("depth", "lat", "lon"), np.full(shape, value, "f4"), about

    xr.Dataset(
        {
            "old_temperature": field(9.0, "sea_water_temperature", "degC"),
            "temperature": field(15.0, "sea_water_temperature", "degC"),
            "salinity": field(38.0, "sea_water_practical_salinity", "1"),
            "old_salinity": field(36.0, "sea_water_practical_salinity", "1"),
        },
        {"depth": ("depth", z, {"units": "m", "positive": "down"}),
         "lat": ("lat", lat, {"units": "degrees_north"}),
         "lon": ("lon", lon, {"units": "degrees_east"})},
    ).to_netcdf(tmp_path / "both.nc")  # fmt: skip
    both = open_product(tmp_path / "both.nc")
    when = np.array(["2001-01-01"] * 2, "datetime64[ms]")
    seen = {"lon": [4.5, 9.0], "lat": [40.5, 40.5], "depth": [5.0, 5.0], "time": when,
            "salinity": [37.9, 35.0], "temperature": [14.0, 2.0]}  # fmt: skip
    places: list[dict] = [{"place": (4.5, 40.5)}, {"line": "4,40 5,41", "points": 2}]
    for where in (*places, {"area": "3,39,6,42"}):
        asked = Asked("ts", "salinity", **where, partner="temperature")
        found = asked.take(both)
        assert np.unique(found["value"]) == [15.0] and np.unique(found["salinity"]) == [38.0]
        beside = observations_beside(both, asked, seen, around=20.0)
        assert beside.columns["temperature"].tolist() == [14.0]
    told = texts(product_figure(both, asked, beside), tmp_path)
    for words in ("8 points of the product; dots: 1 observation within the area", "sigma0"):
        assert words in told, words
    # Out of two products, told as Python.
    asked = Asked("ts", "temperature", place=(4.5, 40.5), partner="old_salinity", other=both)
    namespace: dict = {}
    exec(product_snippet(both, asked), namespace)
    assert namespace["found"]["salinity"].values.tolist() == [36.0, 36.0]


# ---- panels --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Asked("profile", "Temperature", PLACE, time=1),
         ("5.00° E, 41.00° N, February", "Depth [m]", "Relative error", "bilinear")),
        (Asked("timeseries", "Temperature", PLACE, depth=10), ("10 m", "Jan", "Mar", "°C]")),
        (Asked("area", "Temperature", area=AREA), ("mean of an area", "standard deviation")),
        (Asked("census", "Temperature", area=AREA, time=0), ("km³]", "All classes")),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)  # fmt: skip
def test_a_panel_says_what_it_is(
    product: Product, asked: Asked, said: tuple[str, ...], tmp_path: Path
) -> None:
    told = texts(product_figure(product, asked), tmp_path)
    for words in (*said, "Test climatology", "No mask", "sdcviz "):
        assert words in told, words


def test_a_section_has_its_bottom_and_dots_in_the_colours_of_the_field(product: Product) -> None:
    asked = Asked("section", "Temperature", line="3,43.5 8,42", time=0, points=60)
    found = asked.take(product)
    dots = {"value": np.array([12.0, 99.0]), "depth": np.array([5.0, 20.0]),
            "distance": np.array([100.0, 300.0])}  # fmt: skip
    made = DRAWN["section"](found, observations=dots, window="20 km", limits=(10.0, 20.0))
    ax = made.axes[0]
    field = meshes(made)[0]
    np.testing.assert_array_equal(field.get_array().filled(np.nan), found["value"].values.T)
    drawn = next(c for c in ax.collections if isinstance(c, PathCollection))
    assert drawn.get_cmap() is field.get_cmap() and drawn.norm is field.norm
    assert field.colorbar.extend in ("max", "both"), "a dot lies above the range"
    low, high = ax.get_ylim()
    assert low > high == 0, "depth goes down"
    # The ground begins below the last level with a value; a column of land is ground all down.
    floor = next(line for line in ax.lines if line.get_drawstyle() == "steps-post").get_ydata()
    bottom = found["bottom"].values
    assert np.isnan(bottom).any() and (floor[:-1][np.isnan(bottom)] == 0).all()
    known = np.isfinite(bottom)
    assert (floor[:-1][known] > bottom[known]).all()


def test_the_same_figure_has_the_same_bytes_and_real_letters(
    product: Product, tmp_path: Path
) -> None:
    asked = Asked("hovmoller", "Temperature", PLACE)
    for name in "ab":
        made = product_figure(product, asked, width="one")
        for ending in ("svg", "pdf"):
            save_figure(made, tmp_path / f"{name}.{ending}")
    for ending in ("svg", "pdf"):
        a, b = ((tmp_path / f"{name}.{ending}").read_bytes() for name in "ab")
        assert a == b
    pdf = (tmp_path / "a.pdf").read_bytes()
    assert b"/FontFile2" in pdf and not re.search(rb"/Subtype\s*/Type3", pdf)
    width = re.search(rb"/MediaBox \[ 0 0 ([0-9.]+)", pdf)
    assert width and float(width[1]) == pytest.approx(88 / 25.4 * 72, abs=0.1)


@pytest.mark.parametrize(
    ("asked", "options", "sentence"),
    [
        (Asked("map"), {"colour": "red"}, "no option 'colour'"),
        (Asked("map"), {"colormap": "nonesuch"}, "no colour map"),
        (Asked("map"), {"limits": (3, 1)}, "the first has to be less"),
        (Asked("map"), {"projection": "antarctic"}, "antarctic"),
        (Asked("profile", place=(3.0, 41.0)), {}, "on land"),
        (Asked("profile", place=(40.0, 41.0)), {}, "outside"),
    ],
    ids=str,
)
def test_what_can_not_be_drawn_is_a_sentence(
    product: Product, asked: Asked, options: dict, sentence: str
) -> None:
    with pytest.raises(BadRequest, match=sentence):
        product_figure(product, asked, **options)


# ---- Python, tables, films ---------------------------------------------------------------
def test_the_python_gives_the_same_numbers_and_the_same_bytes(
    product: Product, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = "\n".join(
        ["lon,lat,time,depth,temperature",
         *(f"{4.5 + k / 10},41.2,2000-02-{10 + k},{k},{12 + k}" for k in range(6))]
    )  # fmt: skip
    (tmp_path / "casts.csv").write_text(table)
    import_files([tmp_path / "casts.csv"], tmp_path / "c")
    selection = open_collection(tmp_path / "c").where()
    asked = Asked("map", "Temperature", time=1, depth=0.0, mask=0.5)
    look = {"limits": (10.0, 20.0), "contours": True, "colormap": "thermal"}
    how = {"window": (10.0, 0.0), "around": 50.0}
    monkeypatch.chdir(tmp_path)
    shown = Shown(look, selection, how)
    text = product_snippet(product, asked, shown, file="copied.svg")
    told: dict = {}
    exec(text, told)
    beside = observations_beside(product, asked, selection, **how)
    assert len(beside) == 6
    assert beside.words == "0 to 10 m, February of any year"
    save_figure(product_figure(product, asked, beside, **look), tmp_path / "ours.svg")
    assert Path("copied.svg").read_bytes() == Path("ours.svg").read_bytes()
    np.testing.assert_array_equal(told["layer"].array(), asked.layer(product).array())
    for other in (Asked("section", "Temperature", line=((4.0, 41.0), (8.0, 43.0)), time="March"),
                  Asked("census", area=AREA, time=0)):  # fmt: skip
        exec(product_snippet(product, other, file="t.nc"), told)
        assert told["found"].drop_attrs().identical(other.take(product).drop_attrs())
        assert Path("t.nc").stat().st_size
    january = Asked("map", "Temperature", time=0, depth=0.0, mask=0.5).layer(product)
    minus = Comparison(product, step=0, way="difference", spread=2.0)
    exec(product_snippet(product, asked, Shown(comparison=minus), file="d.nc"), told)
    expected = difference(asked.layer(product), january, spread=2.0).dataset()
    assert told["found"].drop_attrs().identical(expected.drop_attrs())
    plain = difference(asked.layer(product), january).dataset()
    assert not told["found"].drop_attrs().identical(plain.drop_attrs())
    # Two maps beside each other, with residuals.
    pair = Comparison(product, step=0, way="swipe", split=5.5)
    shown = Shown({"dots": "residuals"}, selection, how | {"residuals": True}, pair)
    exec(product_snippet(product, asked, shown, file="copied.svg"), told)
    beside = observations_beside(product, asked, selection, **how, residuals=True)
    made = product_figure(product, asked, beside, comparison=pair, dots="residuals")
    save_figure(made, tmp_path / "ours.svg")
    assert Path("copied.svg").read_bytes() == Path("ours.svg").read_bytes()


def test_a_table_says_where_it_comes_from(product: Product, tmp_path: Path) -> None:
    import pandas as pd

    found = Asked("area", "Temperature", area=AREA, mask=0.5).take(product)
    path = write(found, tmp_path / "area.csv")
    head = [line for line in path.read_text().splitlines() if line.startswith("#")]
    assert "# mask: relative error variance at most 0.5" in head
    rows = pd.read_csv(path, comment="#")
    assert list(rows.columns[:4]) == ["label", "time", "depth", "value"]
    np.testing.assert_allclose(rows["spread"], found["spread"].values.ravel())
    with xr.open_dataset(write(found, tmp_path / "area.nc")) as again:
        assert "Temperature" in again and again.attrs["mask"] == found.attrs["mask"]


def test_an_animation_has_a_frame_a_step_in_one_layout(product: Product, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = animate(
        Asked("map", "Temperature", mask=0.5).layer(product), "time", tmp_path / "a.gif", fps=5,
        dpi=60, progress=lambda done, total, text: told.append((done, total)),
    )  # fmt: skip
    assert told[-1] == (3, 3)
    with Image.open(path) as film:
        assert (film.n_frames, film.info["loop"], film.info["duration"]) == (3, 0, 200)
        frames = []
        for k in range(3):
            film.seek(k)
            frames.append(np.asarray(film.convert("RGB")).astype(int))
    changed = (frames[0] != frames[2]).any(axis=2)
    assert changed.any()
    wide = changed.shape[1]
    assert not changed[:, int(wide * 0.92) :].any(), "the colour bar stays"
    assert not list(tmp_path.glob(".*")), "nothing half-made is left"


def test_a_film_is_one_that_browsers_play(product: Product, tmp_path: Path) -> None:
    import av

    layer = Asked("map", "Temperature").layer(product)
    seen = {"lon": [5.0, 5.0], "lat": [41.0, 41.0], "depth": [0.0, 0.0], "value": [13.0, 14.0],
            "time": np.array(["2001-01-10", "2001-03-10"], "datetime64[ms]")}  # fmt: skip
    path = animate(layer, "time", tmp_path / "a.mp4", fps=4, dpi=60, dots=Dots(seen, "residuals"),
                   comparison=Comparison(product, step=0))  # fmt: skip
    data = path.read_bytes()
    assert 0 < data.find(b"moov") < data.find(b"mdat"), "it begins to play before all is there"
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert film.duration == 750_000, "microseconds: 3 frames, 4 a second"
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in film.decode(stream)]
    assert len(frames) == 3 and not any(n % 2 for n in frames[0].shape[:2])
    assert frames[0].shape[1] == pytest.approx(180 / 25.4 * 60, abs=2)
    assert (abs(frames[0] - frames[2]) > 60).any()
    assert not list(tmp_path.glob(".*")), "nothing half-made is left"


def test_an_animation_that_can_not_be_is_a_sentence(
    product: Product, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = Asked("map", "Temperature_deepest").layer(product)
    with pytest.raises(BadRequest, match="nothing would move"):
        animate(layer, "depth", tmp_path / "a.gif")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(BadRequest, match=r"PyAV: pip install 'sdcviz\[animation\]'"):
        animate(layer, "time", tmp_path / "a.mp4")

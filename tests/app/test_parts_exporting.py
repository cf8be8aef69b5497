"""What the dialog "Export what is seen" offers, and the job that it makes of a film."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import av
import hand_made
import pytest
from typer.testing import CliRunner

from sdcviz import open_product
from sdcviz.cli import app
from sdcviz.observations import import_files, open_collection
from sdcviz_app.parts.products.exporting_animation import Film, words_of
from sdcviz_app.parts.products.exporting_items import Item, items_of, look_of, same_as
from sdcviz_app.session import Session
from sdcviz_app.viewing import Viewing

CHOSEN = {"along": "time", "fps": 4, "width": "one", "dots": True}


@pytest.fixture
def viewing(tmp_path: Path) -> Viewing:
    made = Viewing(session=Session())
    product = open_product(hand_made.product(tmp_path / "p.nc"))
    made.session.param.update(
        step=1, level=10.0, compare="swipe", swipe=0.25, other_step=0, dots="residuals"
    )
    made.param.update(product=product, second=product, whole=False)
    made.seen = (4.0, 40.5, 8.0, 43.0)
    return made


def test_what_is_seen_is_offered_first_and_told_to_the_job(
    viewing: Viewing, tmp_path: Path
) -> None:
    items = {item.key: item for item in items_of(viewing)}
    assert same_as("map", list(items.values())) == "both"
    item = items["both"]
    assert "mp4" in item.formats and not {"nc", "csv"} & set(item.formats)
    table = "lon,lat,time,depth,temperature\n4.5,41.2,2000-02-10,10,12\n5,41.2,2000-03-10,10,13\n"
    (tmp_path / "casts.csv").write_text(table)
    import_files([tmp_path / "casts.csv"], tmp_path / "c")
    selection = open_collection(tmp_path / "c").where(months=(2,))
    (tmp_path / "selection.json").write_text(selection.filters.to_json())
    look = look_of(viewing, item, CHOSEN, (10.0, 20.0))
    assert look["extent"] == viewing.seen and look["dots"] == "residuals"
    film = Film(look, CHOSEN, (selection, (5.0, 0.0)))
    words, reads = words_of(viewing, item, film, tmp_path / "seen.mp4")
    assert {Path(viewing.product.path), tmp_path / "c"} == set(reads)
    told = {"--compare=swipe", "--split=5.0", "--other-time=0", "--window=5.0,0.0",
            "--dots=residuals", "--range=10.0:20.0", "--extent=4.0,40.5,8.0,43.0"}  # fmt: skip
    assert told <= set(words)
    done = CliRunner().invoke(app, [words[0], "--dpi=60", *words[1:]])
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["frames"] == 3
    with av.open(str(tmp_path / "seen.mp4")) as made:
        assert sum(1 for _ in made.decode(video=0)) == 3
    viewing.session.compare = "difference"
    viewing.second = viewing.product
    items = {item.key: item for item in items_of(viewing)}
    assert "nc" in items["difference"].formats and "both" not in items


def test_a_diagram_is_that_of_the_panel(viewing: Viewing) -> None:
    viewing.session.place = (5.0, 41.0)
    assert "place-water" not in {i.key for i in items_of(viewing)}, "no salinity"
    call = {
        "method": "ts",
        "arguments": {"variable": "Temperature", "mask": None, "time": 1, "lon": 5.0, "lat": 41.0,
                      "partner": "salt", "other": viewing.second},
    }  # fmt: skip
    panels = SimpleNamespace(keys=["place-water"], extraction=lambda key: (None, call))
    item: Item = next(i for i in items_of(viewing, panels) if i.key == "place-water")
    assert (item.asked.partner, item.asked.other) == ("salt", viewing.second)
    assert item.asked.place == (5.0, 41.0) and item.asked.time == 1

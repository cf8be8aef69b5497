"""The shelf of products: what may be opened, what is kept of it, and what a part does with it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import made_files
import numpy as np
import pytest
from netCDF4 import Dataset
from typer.testing import CliRunner

from sdcviz import jobs
from sdcviz.cli import app as commands
from sdcviz.errors import BadRequest, NotFound, ProductError, UnreadableFile
from sdcviz.jobs.presence import Bell
from sdcviz.jobs.tables import database_of
from sdcviz.settings import WmsLayer, get_settings
from sdcviz_app import openable, preparing, shelf
from sdcviz_app.jobs import News
from sdcviz_app.parts.products.opening_sent import keep_sent
from sdcviz_app.parts.products.roles import corrections, described
from sdcviz_app.parts.products.shelf_card import ShelfPart
from sdcviz_app.parts.products.wms import WmsPart, tile_address
from sdcviz_app.session import Session
from sdcviz_app.viewing import Viewing


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a server with an empty shelf."""
    monkeypatch.setenv("SDCVIZ_DATA_DIR", str(tmp_path / "data"))
    get_settings.cache_clear()
    yield tmp_path / "data"
    get_settings.cache_clear()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "files").mkdir()
    return made_files.write(
        tmp_path / "files" / "field.nc", more=lambda f: f.setncattr("title", "A field")
    )


@pytest.fixture
def nameless(tmp_path: Path) -> Path:
    """Give a file that does not say what its dimensions are."""
    path = tmp_path / "nameless.nc"
    with Dataset(path, "w") as made:
        for name, values in (("a", [1.0, 2.0, 3.0]), ("b", [40.0, 41.0])):
            made.createDimension(name, len(values))
            made.createVariable(name, "f4", (name,))[:] = values
        for name in ("temp", "doubt"):
            made.createVariable(name, "f4", ("b", "a"))[:] = np.arange(6).reshape(2, 3)
    return path


def settings(monkeypatch: pytest.MonkeyPatch, **given: str) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"SDCVIZ_{name.upper()}", value)
    get_settings.cache_clear()


# ---- what a visitor may name ---------------------------------------------------------
def test_paths_are_opened_where_the_machine_is_the_visitors_own(file, tmp_path, monkeypatch):
    folder = file.parent
    made_files.write(folder / "field_2.nc")
    assert openable.resolved(f" '{file}' ") == str(file)
    assert openable.resolved(str(folder / "field*.nc")).split("\n") == [
        str(file), str(folder / "field_2.nc"),
    ]  # fmt: skip
    listed = openable.listing(str(folder))["entries"]
    assert [e["name"] for e in listed] == ["field.nc", "field_2.nc"]
    for text, kind in (("/no/such.nc", NotFound), ("/no/such*", NotFound), ("", BadRequest)):
        with pytest.raises(kind):
            openable.resolved(text)
    settings(monkeypatch, root_path="/viz")
    for ask in (openable.resolved, openable.listing):
        with pytest.raises(BadRequest, match="other machines"):
            ask(str(folder))


def test_only_allowed_servers_are_asked(monkeypatch):
    local = "http://127.0.0.1:9/opendap/p"
    assert openable.resolved(local) == local
    refused = ("http://thredds.example/p", "http://me:secret@127.0.0.1/p", "http:///p", "ftp://x/p")
    for text in refused:
        with pytest.raises(BadRequest) as told:
            openable.resolved(text)
        assert "secret" not in str(told.value)
    settings(monkeypatch, opendap_hosts="THREDDS.example, other.example:8080", root_path="/viz")
    for text in ("https://thredds.example/p", "http://other.example:8080/p"):
        assert openable.resolved(text) == text
    # Behind a proxy "this machine" is the server's, not the visitor's.
    for text in ("http://other.example/p", local):
        with pytest.raises(BadRequest, match="OPENDAP_HOSTS"):
            openable.resolved(text)


# ---- what is kept --------------------------------------------------------------------
def test_a_shelf_tells_what_is_on_it_and_why_not(file, tmp_path):
    item = shelf.add(str(file))
    told = shelf.about(item)
    assert (told["title"], told["parameter"]) == ("A field", "Temperature (°C)")
    assert told["area"] == "3° to 6° E, 40° to 42° N"
    assert told["period"] == "2001-01-16 to 2001-03-16"
    damaged = tmp_path / "data" / "products" / "damaged.nc"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"CDF\x01")
    by_name = {i.name: i for i in shelf.listed()}
    assert "damaged" in shelf.about(by_name["damaged"])["error"]
    with pytest.raises(UnreadableFile):
        shelf.add(str(damaged))
    file.unlink()
    gone = next(i for i in shelf.listed() if i.id == item.id)
    assert shelf.about(gone)["error"] == "Its file is no longer there."
    assert item.id not in {i.id for i in shelf.known()}
    with pytest.raises(NotFound, match="no longer there"):
        shelf.open_shared(item.id)
    shelf.remove(item.id)
    assert {i.name for i in shelf.listed()} == {"damaged"}


def test_who_cancels_finds_the_shelf_as_it_was(file):
    shelf.add(str(file), wanted=lambda: False)
    assert shelf.known() == []


def test_corrected_roles_are_kept(nameless):
    with pytest.raises(ProductError):
        shelf.add(str(nameless))
    told = described(str(nameless), {})
    assert told["problem"] and {d["name"]: d["size"] for d in told["dims"]} == {"a": 3, "b": 2}
    axes = {"a": "lon", "b": "lat"}
    said = {"axes": axes, "fields": ["temp"], "errors": {"temp": "doubt", "doubt": "no"}}
    given = corrections(told, said)
    assert given == {"lon": "a", "lat": "b", "fields": ["temp"], "errors": {"temp": "doubt"}}
    item = shelf.add(str(nameless), given)
    product = shelf.open_shared(item.id)
    assert product.variables == ["temp"] and product.roles_of("temp").error == "doubt"
    # What was found by itself is no correction.
    again = described(str(nameless), shelf.find(item.id).roles)
    found = {d["name"]: d["kind"] for d in again["dims"]}
    assert found == axes and again["fields"] == ["temp"] and not again["problem"]


def test_what_is_sent_stays_only_if_it_is_a_product(file, tmp_path, data_dir):
    delivery = tmp_path / "delivery"
    delivery.mkdir()
    (delivery / "notes.nc").write_text("no product")
    with pytest.raises(UnreadableFile):
        keep_sent(delivery, ["notes.nc"], lambda: True)
    assert not list((data_dir / "products").iterdir()) and not delivery.exists()
    for _ in range(2):
        delivery.mkdir()
        (delivery / "field.nc").write_bytes(file.read_bytes())
        item = keep_sent(delivery, ["field.nc"], lambda: True)
    assert [p.name for p in sorted((data_dir / "products").iterdir())] == ["field.nc", "field_2.nc"]
    assert Path(item.path).name == "field_2.nc"


# ---- copies, and files that change ---------------------------------------------------
def opened(path: Path) -> ShelfPart:
    session = Session(product=shelf.add(str(path)).id, tab="products")
    return ShelfPart(viewing=Viewing(session=session))


def test_small_copies_make_themselves_and_a_replaced_file_is_noticed(file):
    part = opened(file)
    card = part.form.state
    assert card["product"]["title"] == "A field" and card["lost"] == ""
    assert part.viewing.product.prepared and part.form.state["copies"]["state"] == "there"
    made_files.write(file, time=(15.5,))
    part.copies.look_at_file()
    assert "replaced" in part.form.state["lost"]
    part._take({"do": "again"})
    assert len(part.viewing.product.grid().times) == 1 and part.form.state["lost"] == ""
    assert part.viewing.product.prepared
    file.unlink()
    part.copies.look_at_file()
    assert "removed" in part.form.state["lost"]
    part._take({"do": "again"})
    assert "no longer there" in part.form.state["error"] and part.form.state["product"] is None


def test_large_copies_are_made_by_one_job_whoever_asks(file, data_dir, monkeypatch):
    monkeypatch.setattr(preparing, "BY_ITSELF", 0)
    monkeypatch.setattr(preparing, "IN_SERVER", 0)
    bell = Bell(database_of(), serves=True)  # as if a server was there that starts them
    part, other = opened(file), opened(file)
    told = part.form.state["copies"]
    assert told["can"] == "prepare" and "864 bytes of disk" in told["words"]

    def ask(which: ShelfPart, does: str) -> dict[str, Any]:
        which._take({"do": does})
        following = News(tuple(jobs.find()))
        for one in (part, other):
            one.copies.follower.tell(following)
        return which.form.state["copies"]

    try:
        assert ask(part, "prepare")["words"].startswith(
            "Waiting for its turn among the jobs. Copies: 864 bytes of disk."
        )
        assert ask(other, "prepare")["can"] == "cancel" and len(jobs.find()) == 1
        # What was cancelled is begun again by a visitor only, and by another job.
        assert ask(other, "cancel")["can"] == part.form.state["copies"]["can"] == "prepare"
        item, product = shelf.find(part.viewing.session.product), part.viewing.product
        assert preparing.begin(item, product, asked=False).is_over
        ask(part, "prepare")
        assert len(jobs.find()) == 2
        job = jobs.find(kind=preparing.KIND)[0]
        assert not job.spec.notify["notice"]
        assert CliRunner().invoke(commands, list(job.spec.arguments)).exit_code == 0
        for one in (part, other):
            one.copies.look_at_file()
            assert one.form.state["copies"]["state"] == "there"
    finally:
        bell.close()


def test_a_card_warns(tmp_path):
    times = {"time": {"units": "fortnights of the moon"}}
    part = opened(made_files.write(tmp_path / "odd.nc", attrs=times))
    assert any("can't be turned into dates" in w for w in part.form.state["product"]["warnings"])
    os.utime(tmp_path / "odd.nc")
    part.copies.look_at_file()
    assert "replaced" in part.form.state["lost"]


# ---- map servers ---------------------------------------------------------------------
def test_overlays_are_offered_only_where_some_are_configured(monkeypatch):
    from bokeh.models import BBoxTileSource
    from bokeh.plotting import figure

    chart = figure()
    none = WmsPart(viewing=Viewing(session=Session()), figure=chart)
    assert not none.form.visible and chart.renderers == []
    layer = '[{"title": "Depth", "url": "http://wms.example/ows?map=a", "layers": "dtm"}]'
    settings(monkeypatch, wms_layers=layer)
    part = WmsPart(viewing=Viewing(session=Session()), figure=chart)
    assert part.form.visible and chart.renderers == []
    part._take({"layer": 0, "on": True})
    (tiles,) = chart.renderers
    assert isinstance(tiles.tile_source, BBoxTileSource)
    part._take({"layer": 0, "on": False})
    part._take({"layer": 7, "on": True})
    assert chart.renderers == []
    address = tile_address(WmsLayer(title="x", url="http://wms.example/ows?map=a", layers="a,b"))
    assert address.startswith("http://wms.example/ows?map=a&SERVICE=WMS&")
    assert address.endswith("&BBOX={XMIN},{YMIN},{XMAX},{YMAX}")
    assert "LAYERS=a%2Cb" in address

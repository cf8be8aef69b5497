"""State of a visitor, its link, and the data shared by all visitors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sdcviz.errors import NotFound
from sdcviz.observations import import_files
from sdcviz_app import library
from sdcviz_app.links import apply_query, read_query, to_query
from sdcviz_app.session import Session


@pytest.fixture(scope="module")
def collection(data: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("collections") / "profiles"
    import_files([data / "odv" / "ODV_vertical_profiles_ctd.txt"], folder, name="Profiles")
    library.remember(str(folder))
    return str(folder)


@pytest.fixture
def session(collection: str) -> Session:
    session = Session()
    session.open(collection)
    return session


VIEW: dict[str, Any] = {
    "projection": "arctic",
    "colour_by": "mean",
    "depth": (0.0, 150.5),
    "time": ("2001-01-01", None),
    "months": (6, 7, 8),
    "value": (-1.5, None),
    "flags": ("1", "2"),
    "box": (-10.0, 35.0, 12.5, 60.0),
    "polygon": ((0.0, 40.0), (5.0, 40.0), (5.0, 45.0)),
    "has": ("temperature",),
    "cruises": ("A & B = 100 % / ü",),
    "data_centres": (486, 43),
    "extent": (-10.0, 35.0, 12.5, 60.0),
    "clim": (2.0, 20.0),
    "colormap": "thermal",
    "station": 3,
    "dark": True,
}


def test_every_parameter_is_described() -> None:
    undescribed = [name for name in Session.param if not Session.param[name].doc]
    assert undescribed in ([], ["name"])


def test_a_link_restores_the_whole_view(session: Session) -> None:
    session.param.update(**VIEW)
    other = Session()
    assert apply_query(other, to_query(session)) == []
    for name in VIEW:
        assert getattr(other, name) == getattr(session, name), name
    assert other.collection == session.collection


PRODUCT_VIEW: dict[str, Any] = {
    "product": "e053e43c3e12", "field": "Temperature", "derived": "a - mean(a)", "step": 6,
    "error_shown": True, "level": 50.0, "mask": "0.35", "field_range": (-2.0, 12.5),
    "range_by": "depth", "field_map": "haline", "contours": True, "dots": "residuals",
    "window": (5.0, 30.0), "compare": "difference", "other": "fe9ae49a2efa", "swipe": 0.25,
    "other_field": "Salinity", "other_step": 3, "other_derived": "iso:14", "spread": 0.7,
    "difference_range": 1.5, "field_extent": (-6.0, 30.0, 190.5, 46.0), "place": (5.0, 40.0),
    "line": ((3.0, 40.0), (5.0, 41.0)), "area": ((0.0, 40.0), (5.0, 40.0), (5.0, 45.0)),
    "product_line": False, "around": 80.0, "products_view": "review", "review": "r1",
}  # fmt: skip


def test_a_link_restores_all_of_the_products_tab(session: Session) -> None:
    names = list(Session.param)
    first, last = (names.index(name) for name in ("product", "review"))
    assert set(PRODUCT_VIEW) == set(names[first : last + 1])
    session.param.update(**PRODUCT_VIEW)
    other = Session()
    assert apply_query(other, to_query(session)) == []
    for name, value in PRODUCT_VIEW.items():
        assert getattr(other, name) == value, name
    # A link of before means what it meant.
    old = "product=e053e43c3e12&step=6&z0=50&cmp=swipe&with=fe9ae49a2efa&range=1~2&at0=5~40"
    assert apply_query(other, old) == []
    assert (other.compare, other.swipe, other.field_extent) == ("swipe", 0.5, None)


def test_the_usual_view_needs_only_collection_and_parameter(session: Session) -> None:
    assert set(dict(part.split("=") for part in to_query(session).split("&"))) == {"c", "p"}
    assert to_query(Session()) == ""


@pytest.mark.parametrize(
    "query",
    ["z=deep", "z=1~2~3", "m=13", "t=yesterday~", "by=weather", "box=1~2", "area=1~2_3~4", "s=x"],
)
def test_a_part_that_can_not_be_used_is_named_and_left_out(query: str) -> None:
    _, state, complaints = read_query(f"{query}&dark=1")
    assert state == {"dark": True}
    assert len(complaints) == 1 and query in complaints[0]


def test_a_link_can_not_open_a_folder(tmp_path: Path, collection: str) -> None:
    session = Session()
    complaints = apply_query(session, f"c={collection}")
    assert session.collection == ""
    assert complaints and "not opened on this server before" in complaints[0]
    with pytest.raises(NotFound):
        library.find("")


def test_visitors_share_data_and_results(session: Session, collection: str) -> None:
    other = Session()
    other.open(collection)
    assert other.data is session.data
    for each in (session, other):
        each.param.update(depth=(0.0, 50.0))
    assert other.filtered is session.filtered


def test_filters_filter(session: Session) -> None:
    assert session.filtered is not None and session.data is not None
    everything = session.filtered.n_samples
    assert everything == session.data.n_samples
    assert not session.is_filtered
    session.depth = (0.0, 10.0)
    assert session.is_filtered
    assert 0 < session.filtered.n_samples < everything
    session.clear_filters()
    assert session.filtered.n_samples == everything


def test_another_parameter_for_the_colours_filters_nothing(session: Session) -> None:
    before = session.filtered
    session.parameter = session.data.parameters[-1].key  # type: ignore[union-attr]
    assert session.filtered is before


def test_another_collection_drops_what_belonged_to_the_old_one(
    session: Session, data: Path, tmp_path: Path
) -> None:
    session.param.update(**VIEW)
    session.select([3, 1, 3])
    assert session.selection.tolist() == [1, 3]
    import_files([data / "odv" / "sample_ODV.txt"], tmp_path / "other")
    session.open(str(tmp_path / "other"))
    assert session.selection.size == 0 and session.station is None and not session.is_filtered
    assert session.dark


def test_new_files_show_without_a_new_page(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "growing"
    import_files([data / "odv" / "sample_ODV.txt"], folder)
    session = Session()
    session.open(str(folder))
    assert session.data is not None
    before = session.data.n_stations
    import_files([data / "odv" / "BlackSea_2profiles.txt"], folder)
    seen: list[int] = []
    session.param.watch(lambda event: seen.append(session.data.n_stations), "collection_version")
    session.refresh()
    assert seen == [before + 2]


def test_a_selection_can_not_be_changed_in_place(session: Session) -> None:
    session.select([1, 2])
    with pytest.raises(ValueError, match="read-only"):
        session.selection[0] = 9
    assert session.selection.dtype == np.int64


def test_the_whole_page_follows_another_collection(
    session: Session, data: Path, tmp_path: Path
) -> None:
    from sdcviz_app.shell import Shell
    from sdcviz_app.theme import configure

    configure()
    shell = Shell(session)
    import_files([data / "odv" / "sample_ODV.txt"], tmp_path / "other", name="Other")
    session.param.update(**VIEW)
    for name in VIEW:  # what the widgets show must not come back changed
        assert getattr(session, name) == VIEW[name], name
    assert shell.open_collection(str(tmp_path / "other"))
    session.param.update(**VIEW)
    session.clear_filters()
    assert session.collection == str(tmp_path / "other")

"""What makes pages cheaper must not change them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from bokeh.core.property.descriptors import PropertyDescriptor
from bokeh.document import Document
from bokeh.models import Range1d
from bokeh.util import callback_manager
from panel.io.state import set_curdoc
from panel.reactive import ReactiveCustomBase

from sdcviz.observations import import_files
from sdcviz_app.server import quick
from sdcviz_app.session import Session
from sdcviz_app.shell import Shell
from sdcviz_app.theme import configure


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Start without the repairs, and take them away in the end."""
    monkeypatch.setattr(PropertyDescriptor, "_get_default", quick._get_default)
    original = ReactiveCustomBase.__dict__["_patch_datamodel_ref"]
    monkeypatch.setattr(ReactiveCustomBase, "_patch_datamodel_ref", original)
    monkeypatch.setattr(callback_manager, "_check_callback", quick._check_callback)
    return monkeypatch


def page_of(collection: Path) -> str:
    """Return the document that a browser gets, with ids in order of appearance."""
    session, document = Session(), Document()
    with set_curdoc(document):
        session.open(str(collection))
        Shell(session).page.server_doc(document)
    text = json.dumps(document.to_json(), default=str, sort_keys=True)
    ids: dict[str, str] = {}
    return re.sub(
        r"\bp\d{4,}\b|[0-9a-f-]{32,}|0x[0-9a-f]+|[A-Z]\w+\d{5}\b",
        lambda m: ids.setdefault(m[0], f"id{len(ids)}"),
        text,
    )


def test_the_page_stays_the_same(data: Path, tmp_path: Path, plain: pytest.MonkeyPatch) -> None:
    configure()
    import_files([data / "odv" / "sample_ODV.txt"], tmp_path / "one")
    page_of(tmp_path / "one")  # the first one also declares the data models
    before = page_of(tmp_path / "one")
    quick.mend_speed()
    page_of(tmp_path / "one")
    assert page_of(tmp_path / "one") == before


def test_defaults_stay_those_of_each_object(plain: pytest.MonkeyPatch) -> None:
    quick.mend_speed()
    one, other = Range1d(), Range1d()
    one.start = 5
    assert (one.start, other.start, Range1d().start) == (5, 0, 0)
    other.tags.append("mine")
    assert Range1d().tags == [] and one.tags == []


def test_a_callback_that_can_not_be_called_is_still_refused(plain: pytest.MonkeyPatch) -> None:
    quick.mend_speed()
    for _ in range(2):
        with pytest.raises(ValueError, match="signature"):
            Range1d().on_change("start", lambda: None)

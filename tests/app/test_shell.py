"""The frame of the page, without a browser."""

from __future__ import annotations

import shutil

from sdcviz_app import library
from sdcviz_app.session import Session
from sdcviz_app.shell import Shell


def test_collections_that_look_alike_can_both_be_chosen(demo, tmp_path):
    twin = shutil.copytree(demo, tmp_path / "twin")
    for path in (demo, twin):
        library.remember(str(path))
    session = Session()
    session.open(str(demo))
    shell = Shell(session)
    assert {str(demo), str(twin)} <= set(shell._chooser.options.values())
    assert session.collection == str(demo)
    shell._chooser.value = str(twin)
    assert session.collection == str(twin)

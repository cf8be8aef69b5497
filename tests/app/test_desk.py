"""The operator's desk without a browser: what it begins with, and how it walks the queue."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sdcviz_app.desk import Desk
from sdcviz_app.quality import TOOLS, QualityView
from sdcviz_app.session import Session


@pytest.fixture(scope="module")
def profiles(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from sdcviz import import_files

    into = tmp_path_factory.mktemp("collection") / "profiles"
    names = ["ODV_vertical_profiles_ctd.txt", "BlackSea_2profiles.txt"]
    import_files([data / "odv" / name for name in names], into, name="Profiles")
    return into


@pytest.fixture
def session(profiles: Path) -> Session:
    session = Session()
    session.open(str(profiles))
    return session


def test_it_begins_with_all_stations_under_the_name_of_the_user(session: Session) -> None:
    desk = Desk(session=session)
    assert desk.queue.tolist() == list(range(12))
    assert desk.station == 0
    assert desk.parameter == session.parameter
    assert session.user


def test_it_begins_with_what_is_selected(session: Session) -> None:
    session.select([3, 7])
    assert Desk(session=session).queue.tolist() == [3, 7]


def test_steps_stay_in_the_queue_and_drop_the_pick(session: Session) -> None:
    desk = Desk(session=session)
    desk.param.update(queue=np.array([5, 2, 9]), station=5, picked=np.array([1]))
    desk.step(1)
    assert desk.station == 2
    assert not len(desk.picked)
    desk.step(-1)
    desk.step(-1)
    assert desk.station == 5
    desk.step(1)
    desk.step(1)
    desk.step(1)
    assert desk.station == 9


def test_another_collection_is_another_desk(session: Session, profiles: Path) -> None:
    desk = Desk(session=session)
    desk.param.update(station=4, picked=np.array([1, 2]), findings=object())
    session.open(str(profiles))
    assert (desk.station, len(desk.picked), desk.findings) == (0, 0, None)


@pytest.mark.parametrize("tool", TOOLS)
def test_each_tool_of_the_bar_opens(session: Session, tool: str) -> None:
    view = QualityView(session=session)
    beside = len(view.main)
    view.open_tool(tool)
    view.open_tool(tool)
    assert len(view.main) == beside + 1

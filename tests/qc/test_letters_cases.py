"""Cases of letters, in both databases: sent once, answered item by item."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from databases import Postgres, postgres
from journalled import use_journal
from letter_files import flag, make_collection, settings

from sdcviz.errors import BadRequest, NotFound
from sdcviz.observations import Collection
from sdcviz.qc.letters import Cases, Letter, compose


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def c(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Collection]:
    """Make a collection whose journal is in the one or the other database."""
    url = None
    if request.param == "postgresql":
        url = request.getfixturevalue("server").new_database(tmp_path.name.replace("_", "-"))
    with use_journal(url, monkeypatch):
        yield make_collection(tmp_path)


@pytest.fixture
def write(tmp_path: Path, c: Collection) -> Callable[..., dict[int, Letter]]:
    def letters() -> dict[int, Letter]:
        written = compose(c, author="Ann", settings=settings(tmp_path))
        return {letter.edmo: letter for letter in written}

    return letters


def test_cases_and_answers(c: Collection, write: Callable) -> None:
    cases = Cases(c)
    assert cases.all() == [] and cases.shares() == {}
    flag(c, "OPEN_1", [0, 1], "4", "spike")
    flag(c, "OPEN_2", 0, "3", "spike")
    flag(c, "CLOSED_1", 0, "3", "spike")
    (letter,) = write().values()
    cases.written(letter)
    cases.written(letter)  # again changes nothing
    (case,) = cases.all()
    assert (case.state, case.edmo, case.items) == ("written", 486, 3)
    cases.failed(letter.id, to="a@b.example", reason="no answer", user="Ann")
    assert (cases.case(letter.id).state, cases.case(letter.id).failure) == ("failed", "no answer")
    cases.sent(letter.id, to="a@b.example", message_id="<1@b>", user="Ann")
    sent = cases.case(letter.id)
    assert (sent.state, sent.recipient, sent.message_id) == ("sent", "a@b.example", "<1@b>")
    cases.answer(letter.id, {1: ("accepted", ""), 2: ("accepted", "")}, user="Bob")
    assert cases.case(letter.id).state == "answered in part"
    cases.answer(
        letter.id, {2: ("rejected", "seen in the\nlog book"), 3: ("accepted", "")}, user="Bob"
    )
    assert cases.case(letter.id).state == "answered"
    assert cases.shares() == {486: (2, 1, 0)}
    items = cases.items(letter.id)
    assert [item for item, _ in items] == list(letter.items)
    assert [answer.verdict for _, answer in items if answer] == ["accepted", "rejected", "accepted"]
    assert items[1][1] is not None and items[1][1].reason == "seen in the log book"


def test_answers_that_make_no_sense(c: Collection, write: Callable) -> None:
    flag(c, "NORTH_1", 0, "4", "spike")
    cases, letter = Cases(c), write()[545]
    cases.written(letter)
    with pytest.raises(BadRequest, match="neither accepted nor rejected"):
        cases.answer(letter.id, {1: ("perhaps", "")}, user="Bob")
    with pytest.raises(BadRequest, match="for which reason"):
        cases.answer(letter.id, {1: ("rejected", " ")}, user="Bob")
    with pytest.raises(NotFound, match="no item 9"):
        cases.answer(letter.id, {9: ("accepted", "")}, user="Bob")
    with pytest.raises(NotFound, match="no letter 'x'"):
        cases.answer("x", {1: ("accepted", "")}, user="Bob")
    assert cases.items(letter.id)[0][1] is None


def test_one_of_many_sends(c: Collection, write: Callable) -> None:
    flag(c, "NORTH_1", 0, "4", "spike")
    letter = write()[545]
    start, claimed, refused = threading.Barrier(6), [], []

    def claim(user: str) -> None:
        cases = Cases(c)
        start.wait()
        cases.written(letter)
        try:
            cases.sending(letter.id, to="a@b.example", user=user)
            claimed.append(user)
        except BadRequest as error:
            refused.append(str(error))

    threads = [threading.Thread(target=claim, args=(name,)) for name in "ABCDEF"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == 1 and len(refused) == 5
    assert set(refused) == {f"{claimed[0]} is sending this letter just now."}
    cases = Cases(c)
    assert len(cases.all()) == 1
    cases.failed(letter.id, to="a@b.example", reason="no answer", user=claimed[0])
    cases.sending(letter.id, to="a@b.example", user="G")
    cases.sent(letter.id, to="a@b.example", message_id="<1@b>", user="G")
    with pytest.raises(BadRequest, match=r"was sent to a@b\.example on 20.* by G; write a new one"):
        cases.sending(letter.id, to="a@b.example", user="A")

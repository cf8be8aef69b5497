"""Flags that are changed over HTTP: saved once, refused with a reason, seen elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from journalled import first_good, make_collection
from serving import Running, Visitor, running

from sdcviz.observations import Collection, open_collection


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Path]]:
    home = tmp_path_factory.mktemp("edits")
    folder = make_collection(home / "c")
    with running(home / "server", [folder]) as server:
        yield server, folder


@pytest.fixture(scope="module")
def client(place: tuple[Running, Path]) -> httpx.Client:
    server, _ = place
    cookie = Visitor(server).cookie
    headers = {"Origin": server.origin, "Cookie": f"sdc_sid={cookie}"}
    return httpx.Client(base_url=server.address, headers=headers)


@pytest.fixture
def c(place: tuple[Running, Path]) -> Collection:
    return open_collection(place[1])


def change(c: Collection, nth: int, new: str, **other: Any) -> dict[str, Any]:
    """Return the body that sets the flag of the nth good sample."""
    row, sample = first_good(c, nth)
    old = chr(c.flag_at("temperature", row, sample)[0])
    one = {"station": c.station_id(row), "sample": sample, "parameter": "temperature"}
    edit = {**one, "old": old, "new": new, **other}
    return {"token": uuid4().hex, "user": "Ann", "reason": "spike", "edits": [edit]}


def stands(c: Collection, body: dict[str, Any]) -> str:
    """Return the flag as somebody sees it who opens the collection now."""
    edit = body["edits"][0]
    now = open_collection(c.path)
    row = int(now.find_station(edit["station"])[0])
    return chr(now.flag_at(edit["parameter"], row, edit["sample"])[0])


def test_a_flag_is_saved(client, c):
    body = change(c, 0, "4")
    answer = client.post(f"api/qc/{c.id}/batches", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["edits"] == 1
    assert answer.json()["batch"]["user"] == "Ann"
    assert stands(c, body) == "4"


def test_the_same_token_is_saved_once(client, c):
    body = change(c, 3, "4")
    first, second = (client.post(f"api/qc/{c.id}/batches", json=body).json() for _ in range(2))
    assert first == second
    assert [b.token for b in c.journal.batches(c)].count(body["token"]) == 1


def test_who_comes_second_is_told_who_was_first(client, c):
    mine, other = change(c, 5, "4"), change(c, 5, "3")
    assert client.post(f"api/qc/{c.id}/batches", json=mine).status_code == 200
    answer = client.post(f"api/qc/{c.id}/batches", json={**other, "user": "Bob"})
    assert answer.status_code == 409
    assert "set by Ann" in answer.json()["detail"]
    assert answer.json()["conflicts"][0]["found"] == "4"
    assert stands(c, mine) == "4"


def test_undo_and_redo_tell_what_they_changed(client, c):
    body = {**change(c, 8, "4"), "user": "Cleo"}
    client.post(f"api/qc/{c.id}/batches", json=body)
    step = {"user": "Cleo", "token": uuid4().hex}
    undone = client.post(f"api/qc/{c.id}/undo", json=step).json()
    assert [(e["old"], e["new"]) for e in undone["edits"]] == [("4", "1")]
    assert client.post(f"api/qc/{c.id}/undo", json=step).json() == undone  # the same token
    assert stands(c, body) == "1"
    client.post(f"api/qc/{c.id}/redo", json={**step, "token": uuid4().hex})
    assert stands(c, body) == "4"
    nothing = client.post(f"api/qc/{c.id}/redo", json={**step, "token": uuid4().hex})
    assert nothing.json()["batch"] is None


@pytest.mark.parametrize(
    ("wrong", "status", "said"),
    [
        ({"new": "7x"}, 400, "edits.0.new"),
        ({"new": "X"}, 400, "The flag 'X' is not on the L20 scale"),
        ({"station": "0123456789abcdef:3"}, 404, "has no station 0123456789abcdef:3"),
        ({"parameter": "colour"}, 404, "There is no parameter 'colour'"),
        ({"sample": 5000}, 404, "no flag of temperature for sample 5000"),
    ],
)
def test_what_makes_no_sense_is_refused(client, c, wrong, status, said):
    answer = client.post(f"api/qc/{c.id}/batches", json=change(c, 11, **({"new": "4"} | wrong)))
    assert (answer.status_code, said in answer.json()["detail"]) == (status, True), answer.text


def test_unknown_collection(client, c):
    answer = client.post("api/qc/00000000-0000/batches", json=change(c, 11, "4"))
    assert answer.status_code == 404


def test_only_pages_of_this_server_may_change_flags(place, client, c):
    server, _ = place
    address, body = f"{server.address}api/qc/{c.id}/batches", change(c, 11, "4")
    assert httpx.post(address, json=body).status_code == 401
    headers = {"Cookie": client.headers["Cookie"], "Origin": "http://evil.example"}
    assert httpx.post(address, json=body, headers=headers).status_code == 403
    assert stands(c, body) == "1"


def test_markup_in_a_reason_stays_text(client, c):
    body = {**change(c, 14, "4"), "reason": "<img src=x onerror=alert(1)>\n=cmd()"}
    answer = client.post(f"api/qc/{c.id}/batches", json=body).json()
    assert answer["batch"]["reason"] == "<img src=x onerror=alert(1)> =cmd()"

"""Tokens of programs: made, shown once, checked, revoked."""

from __future__ import annotations

import hmac
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sdcviz.cli import app
from sdcviz.errors import BadRequest, NotFound
from sdcviz.settings import get_settings
from sdcviz.workspaces import check_token, list_tokens, make_token, revoke_token, tokens


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SDCVIZ_DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    yield tmp_path
    get_settings.cache_clear()


def test_a_token_is_random_and_tells_what_it_may() -> None:
    secret, token = make_token("nightly import", ["jobs"], days=3, owner="ann")
    assert re.fullmatch(r"sdc_[\w-]{32}", secret)
    assert make_token("other", ["jobs"])[0] != secret
    found = check_token(secret)
    assert found is not None
    assert (found.id, found.owner, found.scopes) == (token.id, "ann", ("jobs",))
    assert found.may("jobs") and found.may("read")
    assert not found.may("edit") and not found.may("admin")


def test_only_a_hash_is_kept(data_dir: Path) -> None:
    secret, _ = make_token("x", ["read"])
    kept = b"".join(file.read_bytes() for file in data_dir.glob("jobs.sqlite*"))
    assert kept
    assert secret.encode() not in kept
    assert secret.removeprefix("sdc_").encode() not in kept
    assert secret not in repr(list_tokens())


@pytest.mark.parametrize("secret", ["", "sdc_", "sdc_" + "A" * 32, "x" * 5000, "sdc_' OR 1=1 --"])
def test_what_was_never_made_does_not_count(secret: str) -> None:
    make_token("x", ["read"])
    assert check_token(secret) is None


def test_a_hash_does_not_count_as_a_token() -> None:
    secret, _ = make_token("x", ["read"])
    assert check_token(tokens._hash(secret)) is None


def test_it_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    secret, _ = make_token("x", ["read"])
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: False)
    assert check_token(secret) is None, "another comparison let it in"


def test_an_expired_token_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    secret, _ = make_token("x", ["read"], days=1)
    later = datetime.now(UTC) + timedelta(days=1, seconds=1)
    monkeypatch.setattr(tokens, "_now", lambda: later)
    assert check_token(secret) is None
    assert list_tokens()[0].state == "expired"


def test_a_revoked_token_does_not_count() -> None:
    secret, token = make_token("x", ["read"])
    other, _ = make_token("y", ["read"])
    gone = revoke_token(token.id[:8])
    assert gone.state == "revoked"
    assert check_token(secret) is None
    assert check_token(other) is not None
    assert revoke_token(token.id).revoked == gone.revoked, "the first time counts"


def test_its_use_is_noted() -> None:
    secret, _ = make_token("x", ["read"])
    assert list_tokens()[0].used == ""
    check_token(secret)
    assert list_tokens()[0].used != ""


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"scopes": ["root"]}, "no scope 'root'"),
        ({"scopes": []}, "needs a scope"),
        ({"days": 0}, "days"),
        ({"days": 4000}, "366 days"),
        ({"days": float("nan")}, "days"),
        ({"name": " "}, "--name"),
    ],
)
def test_bad_wishes_are_told(given: dict, sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence):
        make_token(**{"name": "x", "scopes": ["read"], **given})


def test_unknown_ids_are_told() -> None:
    make_token("x", ["read"])
    for identity in ("", "zz"):
        with pytest.raises(NotFound):
            revoke_token(identity)


def run(*words: str) -> str:
    result = CliRunner().invoke(app, ["token", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def test_the_command() -> None:
    made = json.loads(run("create", "--name", "n", "--scope", "jobs", "--scope", "edit", "--json"))
    assert check_token(made["token"]) is not None
    plain = run("create", "--name", "m", "--scope", "read", "--days", "2").strip()
    assert check_token(plain) is not None, "standard output is the token and nothing else"
    listed = run("list", "--json")
    assert [t["name"] for t in json.loads(listed)] == ["m", "n"]
    assert plain not in listed + run("list") and "hash" not in listed
    run("revoke", made["id"])
    assert check_token(made["token"]) is None
    assert "revoked" in run("list")

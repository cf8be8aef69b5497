"""``sdcviz qc letters``: written by default, sent when one says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from letter_files import flag, make_collection
from mail_server import mail_server
from typer.testing import CliRunner, Result

from sdcviz.cli import app
from sdcviz.observations import Collection, open_collection
from sdcviz.qc.letters import Cases
from sdcviz.qc.letters.message import read_message


@pytest.fixture
def c(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Collection:
    monkeypatch.setenv("SDCVIZ_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SDCVIZ_MAIL_FROM", "qc@desk.example")
    made = make_collection(tmp_path)
    flag(made, "OPEN_1", [0, 1], "4", "spike")
    flag(made, "NORTH_1", 0, "3", "spike")
    return made


@pytest.fixture
def letters(c: Collection) -> Callable[..., Result]:
    def call(*words: object) -> Result:
        command = ["qc", "letters", *map(str, words), "--", str(c.path)]
        return CliRunner().invoke(app, command, catch_exceptions=False)

    return call


def test_letters_are_written_and_not_sent(
    c: Collection, letters: Callable[..., Result], tmp_path: Path
) -> None:
    done = letters("--out", tmp_path / "out", "--user", "Ann", "--plots", 1)
    assert done.exit_code == 0
    files = sorted((tmp_path / "out").iterdir())
    assert [f.name[:9] for f in files] == ["edmo_486_", "edmo_545_"]
    assert all(read_message(f)["From"] == "qc@desk.example" for f in files)
    assert "2 letters written, 0 sent." in done.stderr
    assert [case.state for case in Cases(c).all()] == ["written", "written"]


def test_report_as_json(letters: Callable[..., Result], tmp_path: Path) -> None:
    done = letters(
        "--json", "--user", "Ann", "--data-centre", 545, "--answer-by", "2027-03-01",
        "--to", "545=data@smhi.example", "--plots", 0,
    )  # fmt: skip
    report = json.loads(done.stdout)
    (told,) = report["letters"]
    assert (told["edmo"], told["to"], told["items"], told["flags"]) == (
        545, "data@smhi.example", 1, 1,
    )  # fmt: skip
    assert told["sent"] == "" and told["why_not_sent"]
    file = Path(told["file"])
    assert file.parent == Path(report["folder"]) and file.is_relative_to(tmp_path / "data")
    message = read_message(file)
    assert message["To"] == "data@smhi.example"
    body = message.get_body(("plain",))
    assert body is not None and "2027-03-01" in body.get_content()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--to", "545"), "--to 545: expected EDMO=ADDRESS"),
        (("--to", "545=nobody"), "'nobody' is no mail address"),
        (("--to", "545=a@b.example\nBcc: c@d.example"), "can't hold line breaks"),
        (("--answer-by", "soon"), "--answer-by soon: expected a day"),
        (("--since", "soon"), "'soon' is no time"),
        (("--user", " "), "needs an author"),
    ],
)
def test_bad_input_is_one_sentence(
    letters: Callable[..., Result], words: tuple[str, ...], sentence: str
) -> None:
    done = letters(*words)
    assert done.exit_code == 2 and not done.stdout
    assert sentence in done.stderr and done.stderr.count("sdcviz: ") == 1


@pytest.mark.service
def test_letters_with_an_address_are_sent_once(
    c: Collection,
    letters: Callable[..., Result],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = tmp_path / "addresses.csv"
    table.write_text("edmo,address\n486,data@sismer.example\n")
    monkeypatch.setenv("SDCVIZ_DATA_CENTRE_ADDRESSES", str(table))
    words = ("--json", "--user", "Ann", "--send", "--plots", 0)
    with mail_server(tmp_path / "mail") as server:
        for name, value in server.settings.items():
            monkeypatch.setenv(f"SDCVIZ_{name.upper()}", str(value))
        first = letters(*words)
        sent, kept = json.loads(first.stdout)["letters"]
        assert first.exit_code == 0
        assert "no address of EDMO 545" in kept["why_not_sent"]
        (mail,) = server.mails
        assert mail["Message-ID"] == sent["sent"] and mail["To"] == "data@sismer.example"
        # What was told is not told again.
        (again,) = json.loads(letters(*words).stdout)["letters"]
        assert again["edmo"] == 545 and len(server.mails) == 1
        flag(c, "OPEN_2", 0, "4", "spike")
        server.answers[:] = ["550 5.1.1 No such user"]
        refused = letters(*words)
        assert refused.exit_code == 1
        assert "550" in json.loads(refused.stdout)["letters"][0]["error"]
    states = [(case.edmo, case.state) for case in Cases(open_collection(c.path)).all()]
    assert sorted(states) == [(486, "failed"), (486, "sent"), *[(545, "written")] * 3]

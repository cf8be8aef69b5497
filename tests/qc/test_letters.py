"""Letters to data centres: who gets what, and what never leaves."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import date
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from letter_files import FORMULA, SCRIPT, depth, flag, make_collection, row_of, settings, value

from sdcviz.errors import BadRequest
from sdcviz.mail import read_addresses
from sdcviz.observations import Collection, import_files, open_collection
from sdcviz.plots import station as artist
from sdcviz.qc import POSITION, Edits, Findings
from sdcviz.qc.letters import Cases, Letter, compose, deliver, write_letters
from sdcviz.qc.letters.access import is_open, restricted
from sdcviz.qc.letters.addresses import address_table
from sdcviz.qc.letters.message import make_message, message_bytes, read_message


@pytest.fixture
def c(tmp_path: Path) -> Collection:
    return make_collection(tmp_path)


@pytest.fixture
def write(tmp_path: Path, c: Collection) -> Callable[..., dict[int, Letter]]:
    """Give a function that writes the letters of the collection, by EDMO code."""

    def letters(**given: object) -> dict[int, Letter]:
        given = {"author": "Ann", "settings": settings(tmp_path), **given}
        return {letter.edmo: letter for letter in compose(c, **given)}  # type: ignore[arg-type]

    return letters


def attached(letter: Letter, ending: str) -> str:
    (found,) = (a.content for a in letter.attachments if a.name.endswith(ending))
    return found.decode()


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def mail(letter: Letter, **given: str) -> EmailMessage:
    return read_message(message_bytes(make_message(letter, **given)))


def everything(message: EmailMessage) -> str:
    """Return all texts of a mail, attachments decoded."""
    binary = {"application/pdf", "application/zip"}
    parts = [
        part.get_payload(decode=True).decode("utf-8")  # type: ignore[union-attr]
        for part in message.walk()
        if not part.is_multipart() and part.get_content_type() not in binary
    ]
    return "\n".join([str(message["Subject"]), *parts])


class Tags(HTMLParser):
    """Collects tags, attributes and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.sources: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [v or "" for k, v in attrs if k in {"src", "href", "onerror", "onload"}]

    def handle_data(self, data: str) -> None:
        self.words += data


# ---- who gets what ---------------------------------------------------------


def test_one_letter_for_each_data_centre(c: Collection, write: Callable) -> None:
    flag(c, "OPEN_1", [0, 1], "4", "spike")
    flag(c, "OPEN_2", 2, "3", "sensor not stabilised", user="Bob")
    flag(c, "NORTH_1", 0, "4", "spike")
    flag(c, "NOBODY_1", 0, "4", "spike")
    letters = write()
    assert list(letters) == [0, 486, 545]
    assert letters[0].addressee == "Unknown data centre"
    assert "SISMER" in letters[486].subject and "(EDMO 486)" in letters[486].subject
    totals = letters[486].totals
    assert (totals.cdis, totals.stations, totals.values) == (2, 2, 3)
    assert totals.flags == {("Temperature", "1", "4"): 2, ("Temperature", "1", "3"): 1}
    assert totals.reasons == {"spike": 2, "sensor not stabilised": 1}
    assert totals.people == ("Ann", "Bob")
    assert [(i.local_cdi_id, i.old, i.new, i.values) for i in letters[486].items] == [
        ("OPEN_1", "1", "4", 2),
        ("OPEN_2", "1", "3", 1),
    ]
    assert list(write(data_centres=[545])) == [545]


def test_what_was_undone_is_not_told(c: Collection, write: Callable) -> None:
    flag(c, "OPEN_1", [0, 1], "4", "spike")
    flag(c, "OPEN_1", [0], "3", "other", user="Bob")
    c.journal.undo(c, "Bob")
    flag(c, "NORTH_1", 0, "4", "spike", user="Cas")
    c.journal.undo(c, "Cas")
    (letter,) = write().values()
    assert letter.totals.flags == {("Temperature", "1", "4"): 2}
    # The reason that counts is that of the change, not that of its undoing.
    assert letter.totals.reasons == {"spike": 2}
    assert letter.totals.people == ("Ann",)


def test_values_found_good_are_no_items(c: Collection, write: Callable) -> None:
    row = row_of(c, "NORTH_1")
    edits = Edits.of(POSITION, row, -1, chr(c.position_flag[row]), "1")
    c.journal.write(c, edits, user="checks", reason="passed all checks", tool="check")
    assert c.journal.last(c) and write() == {}
    flag(c, "NORTH_1", 0, "4", "spike")
    (letter,) = write().values()
    assert (letter.confirmed, letter.totals.values, len(letter.items)) == (1, 1, 1)
    assert "1 value without quality control" in everything(mail(letter)).replace(
        "\N{NARROW NO-BREAK SPACE}", " "
    )


def test_nothing_wrong_no_letter(write: Callable) -> None:
    assert write() == {}


def test_text_says_what_is_asked_and_by_when(c: Collection, write: Callable) -> None:
    flag(c, "NORTH_1", [0, 3], "4", "spike")
    (letter,) = write(answer_by=date(2027, 3, 1)).values()
    text = mail(letter).get_body(("plain",)).get_content()  # type: ignore[union-attr]
    for part in ("2027-03-01", "1 (good value) -> 4 (bad value)", "qc@desk.example", "spike"):
        assert part in text
    assert max(map(len, text.splitlines())) < 120


def test_table_of_changes(c: Collection, write: Callable) -> None:
    flag(c, "NORTH_1", [0, 3], "4", "spike")
    (letter,) = write().values()
    rows = rows_of(attached(letter, "_changes.csv"))
    assert [row["value_old"] for row in rows] == [value(4, 0), value(4, 3)]
    assert [float(row["z"]) for row in rows] == [float(depth(4, 0)), float(depth(4, 3))]
    row = rows[1]
    told = {k: row[k] for k in ("item", "operator", "edmo_code", "local_cdi_id", "flag_old")}
    assert told == {
        "item": "1", "operator": "Ann", "edmo_code": "545", "local_cdi_id": "NORTH_1",
        "flag_old": "1",
    }  # fmt: skip
    assert (row["P01"], row["P06_unit"], row["flag_new"]) == ("TEMPPR01", "UPAA", "4")
    assert (row["source_file"], row["station_time"]) == ("profiles.txt", "2020-05-05T12:00:00.000Z")
    source = (c.path.parent / "profiles.txt").read_text().splitlines()
    assert value(4, 3) in source[int(row["source_row"]) - 1]


def test_spreadsheet_has_the_new_flags(c: Collection, write: Callable, tmp_path: Path) -> None:
    flag(c, "NORTH_1", [0, 3], "4", "spike")
    (letter,) = write().values()
    file = tmp_path / "stations.txt"
    file.write_text(attached(letter, "_stations.txt"))
    import_files([file], tmp_path / "again")
    again = open_collection(tmp_path / "again")
    assert again.n_stations == 1
    assert bytes(again.flags("temperature")) == b"41141"
    assert "EDITFLAGS\tTemperature [°C] @ Depth [m] = {" in attached(letter, "_history.txt")


def test_anomalies_of_metadata_stand_apart(c: Collection, write: Callable) -> None:
    rows = [row_of(c, cdi) for cdi in ("OPEN_1", "OPEN_2")]
    place = Findings.of("on land", POSITION, rows[0], -1, "3", np.nan, np.nan)
    date_ = Findings.of("date", "@time", rows[1], -1, "4", 1500.0, 1700.0, {0: "the year 1500"})
    spike = Findings.of("spike", "temperature", rows[0], 2, "4", 9.0, 6.0)
    (letter,) = write(findings=Findings.join([place, date_, spike])).values()
    assert [(i.kind, i.local_cdi_id) for i in letter.items] == [
        ("position", "OPEN_1"),
        ("date", "OPEN_2"),
    ]
    assert "the year 1500" in letter.items[1].what
    # What an operator found good is no anomaly any more; what he flagged is told once.
    old = chr(c.position_flag[rows[0]])
    c.journal.write(c, Edits.of(POSITION, rows[0], -1, old, "1"), user="Ann", reason="on a chart")
    (letter,) = write(findings=Findings.join([place, date_, spike])).values()
    assert [(i.kind, i.new) for i in letter.items] == [("date", "")]
    assert letter.confirmed == 1
    c.journal.write(
        c, Edits.of(POSITION, rows[0], -1, "1", "4"), user="Ann", reason="wrong position"
    )
    (letter,) = write(findings=Findings.join([place, spike])).values()
    assert [(i.kind, i.new, i.what) for i in letter.items] == [("position", "4", "wrong position")]
    text = mail(letter).get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Position" in text.splitlines()


def test_since_and_what_was_told_before(c: Collection, write: Callable, tmp_path: Path) -> None:
    row = row_of(c, "NORTH_1")
    land = Findings.of("on land", POSITION, row, -1, "3", np.nan, np.nan)
    flag(c, "NORTH_1", 0, "4", "spike")
    assert write(since="2999-01-01") == {}
    with pytest.raises(BadRequest, match="'soon' is no time"):
        write(since="soon")
    first = write(findings=land)[545]
    cases = Cases(c)
    cases.written(first)
    assert cases.earlier() == {}
    cases.sent(first.id, to="a@b.example", message_id="<1@b>", user="Ann")
    assert write(findings=land, earlier=cases.earlier()) == {}
    flag(c, "NORTH_1", 1, "3", "spike")
    (again,) = write(findings=land, earlier=cases.earlier()).values()
    assert [(i.kind, i.new) for i in again.items] == [("flag", "3")]


def test_plots_are_capped_and_it_says_so(c: Collection, write: Callable) -> None:
    flag(c, "OPEN_1", [0, 1], "4", "spike")
    flag(c, "OPEN_2", [0], "4", "spike")
    (letter,) = write(artist=artist, most_plots=1, pdf=True).values()
    page = attached(letter, "_letter.html")
    assert page.count("data:image/png;base64,") == 1
    assert "Plots: 1 of 2 stations" in Tags(page).words.replace("\N{NARROW NO-BREAK SPACE}", " ")
    (pdf,) = (a for a in letter.attachments if a.mime == "application/pdf")
    assert pdf.content.startswith(b"%PDF")
    both = attached(write(artist=artist)[486], "_letter.html")
    assert both.count("data:image/png;base64,") == 2 and "Plots: " not in both


def test_big_tables_are_packed(
    c: Collection, write: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    flag(c, "NORTH_1", [0, 3], "4", "spike")
    (plain,) = write().values()
    monkeypatch.setattr("sdcviz.qc.letters.files.MOST_BYTES", 100)
    (letter,) = write().values()
    archive, page = letter.attachments
    assert (archive.name, page.name) == ("edmo_545_tables.zip", "edmo_545_letter.html")
    with zipfile.ZipFile(io.BytesIO(archive.content)) as kept:
        assert sorted(kept.namelist()) == sorted(a.name for a in plain.attachments[:-1])
        assert kept.read("edmo_545_changes.csv").decode() == attached(plain, "_changes.csv")
    assert "edmo_545_tables.zip" in everything(mail(letter, to="a@b.example"))


def test_needs_an_author(write: Callable) -> None:
    with pytest.raises(BadRequest, match="needs an author"):
        write(author=" \n")


# ---- what is harmless ------------------------------------------------------


def test_names_and_reasons_are_harmless(c: Collection, write: Callable) -> None:
    evil = f'{SCRIPT}<img src=x onerror="alert(2)">'
    flag(c, "OPEN_1", [0, 1], "4", evil, user="=1+1")
    flag(c, "OPEN_2", [0], "4", "=HYPERLINK(1)")
    (letter,) = write(author="Eve\r\nBcc: spy@evil.example", artist=artist).values()
    page = Tags(attached(letter, "_letter.html"))
    assert not {"script", "iframe", "form", "link", "a"} & set(page.tags)
    assert all(source.startswith("data:image/png;base64,") for source in page.sources)
    assert page.tags.count("img") == 2 and evil in page.words
    for ending in ("_items.csv", "_changes.csv"):
        cells = [cell for row in csv.reader(io.StringIO(attached(letter, ending))) for cell in row]
        assert not [cell for cell in cells if cell[:1] in tuple("=@+\t\r")]
        assert f"'{FORMULA}" in cells
    message = mail(letter, to="a@b.example", sender="qc@desk.example")
    assert message["Bcc"] is None and message.get_all("To") == ["a@b.example"]
    assert "Sea <script>" in message["Subject"] and "\n" not in message["Subject"]
    assert [part.get_content_type() for part in message.iter_attachments()].count("text/html") == 1
    assert not message.defects


@pytest.mark.parametrize(
    "address",
    [
        "", "nobody", "a@b@c", "a@b.example\nBcc: spy@evil.example", "a@b.example\r\n\r\nBody",
        "a@b.example c@d.example", "=?utf-8?q?x=0ABcc:?= <a@b.example>", "a@b.example;c@d.example",
        "<script>@b.example", "a@-", "ä@b.example", "a@b.example,,", "a@b.example\x00",
        "a@b.example\u2028Bcc: c@d.example",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(c: Collection, write: Callable, address: str) -> None:
    with pytest.raises(BadRequest, match="mail address"):
        read_addresses(address)
    flag(c, "NORTH_1", 0, "4", "spike")
    if address:
        with pytest.raises(BadRequest):
            make_message(write()[545], to=address)


def test_addresses_come_from_a_table(tmp_path: Path) -> None:
    file = tmp_path / "addresses.csv"
    file.write_text("EDMO,Address\n486,Data desk <data@sismer.example>\n545,\n")
    table = address_table(settings(tmp_path, data_centre_addresses=file))
    assert table == {486: "Data desk <data@sismer.example>"}
    file.write_text("edmo,address\n486,data@sismer.example\n43,oops\n")
    with pytest.raises(BadRequest, match=r"addresses\.csv, line 3: 'oops' is no mail address"):
        address_table(settings(tmp_path, data_centre_addresses=file))
    file.write_text("code,mail\n")
    with pytest.raises(BadRequest, match="columns edmo and address"):
        address_table(settings(tmp_path, data_centre_addresses=file))
    with pytest.raises(BadRequest, match="nowhere"):
        address_table(settings(tmp_path, data_centre_addresses=tmp_path / "nowhere.csv"))
    with pytest.raises(BadRequest, match="data_centre_addresses, 486: 'oops'"):
        address_table(settings(tmp_path, data_centre_addresses={486: "oops"}))


# ---- what never leaves -----------------------------------------------------


def test_values_of_restricted_stations_never_leave(c: Collection, write: Callable) -> None:
    closed = {"CLOSED_1": 2, "CLOSED_2": 3}
    for cdi, i in closed.items():
        flag(c, cdi, [0, 1], "4", f"rule: temperature > {value(i, 1)}")
        note = f"spike {value(i, 2)} > 6"
        row = row_of(c, cdi)
        edits = Edits.of("temperature", row, [2], "1", "4", [note])
        c.journal.write(c, edits, user="checks", reason="spike", tool="check")
    flag(c, "OPEN_1", 0, "4", "spike")
    row = row_of(c, "CLOSED_1")
    deep = Findings.of("deepest depth", None, row, 4, "3", float(depth(2, 4)), 40.0)
    (letter,) = write(artist=artist, pdf=True, findings=deep).values()
    assert letter.withheld == 2 and letter.plotted == 1
    told = everything(mail(letter))
    for i in closed.values():
        for level in range(5):
            assert value(i, level) not in told
            assert depth(i, level) not in told
    assert value(0, 0) in told
    assert "Access to 2 stations is restricted" in told.replace("\N{NARROW NO-BREAK SPACE}", " ")
    rows = [r for r in rows_of(attached(letter, "_changes.csv")) if "CLOSED" in r["local_cdi_id"]]
    assert len(rows) == 6 and all(r["source_row"] and r["flag_new"] == "4" for r in rows)
    assert not [r for r in rows if r["value_old"] or r["z"] or r["threshold"]]
    assert "CLOSED" not in attached(letter, "_stations.txt")


def test_letter_about_restricted_stations_alone(c: Collection, write: Callable) -> None:
    flag(c, "CLOSED_1", [0, 1], "4", "spike")
    (letter,) = write(artist=artist).values()
    assert letter.withheld == 1
    assert not [a for a in letter.attachments if a.name.endswith("_stations.txt")]
    assert value(2, 0) not in everything(mail(letter))


def test_which_stations_are_restricted(c: Collection, tmp_path: Path) -> None:
    def found(c: Collection, **given: object) -> set[str]:
        kept = restricted(c, settings(tmp_path, **given))
        return {t for t, r in zip(c.text("local_cdi_id").texts(), kept, strict=True) if r}

    stated = {"CLOSED_1", "CLOSED_2"}
    assert found(c) == stated
    assert found(c, restricted_cdi_ids=("OPEN_2",)) == stated | {"OPEN_2"}
    assert found(c, restricted_data_centres=(545, 9)) == stated | {"NORTH_1"}
    assert found(c, open_access=("UN", "MO")) == {"CLOSED_2"}
    silent = make_collection(tmp_path / "silent", access=False)
    assert found(silent) == set()


def test_what_real_files_state(data: Path, tmp_path: Path) -> None:
    import_files([data / "odv" / "sample_ODV_aggregated.txt"], tmp_path / "c")
    c = open_collection(tmp_path / "c")
    stated = c.text("Access restriction").texts()
    assert set(stated) == {"SeaDataNet licence", "unrestricted"}
    kept = restricted(c, settings(tmp_path)).tolist()
    assert kept == [text == "SeaDataNet licence" for text in stated]
    assert not restricted(c, settings(tmp_path, open_access=("UN", "LS"))).any()


@pytest.mark.parametrize(
    ("text", "free"),
    [
        ("unrestricted", True), ("Unrestricted ", True), ("UN", True), ("SDN:L08::UN", True),
        ("CC BY 4.0", True), ("CC-BY", True), ("cc0", True), ("public", True),
        ("CC0 1.0", True), ("CC BY 4.0, embargo until 2030", False), ("cc0 from 2030", False),
        ("CC BY-NC 4.0", False), ("restricted", False), ("by negotiation", False),
        ("academic", False), ("unrestricted after 2030", False), ("unknown", False), ("1", False),
    ],
)  # fmt: skip
def test_what_counts_as_open(text: str, free: bool) -> None:
    words = {"un", "unrestricted"}
    assert is_open(text, words) is free


# ---- what becomes of them --------------------------------------------------


def test_letter_without_address_is_written_but_not_sent(
    c: Collection, write: Callable, tmp_path: Path
) -> None:
    flag(c, "NORTH_1", 0, "4", "spike")
    flag(c, "OPEN_1", 0, "4", "spike")
    known = settings(tmp_path, data_centre_addresses={486: "data@sismer.example"})
    written = write_letters(c, write().values(), tmp_path / "out", known)
    assert [w.path.name[:9] for w in written] == ["edmo_486_", "edmo_545_"]
    assert [bool(w.why_not) for w in written] == [False, True]
    assert "no address of EDMO 545" in written[1].why_not
    drafts = [read_message(w.path) for w in written]
    assert [m["To"] for m in drafts] == ["data@sismer.example", None]
    assert all(m["X-Unsent"] == "1" and m["Message-ID"] is None for m in drafts)
    with pytest.raises(BadRequest, match="no address"):
        deliver(c, written[1].path, to="", user="Ann", settings=known)
    with pytest.raises(BadRequest, match="no mail server: set SDCVIZ_SMTP_HOST"):
        deliver(c, written[1].path, to="a@b.example", user="Ann", settings=known)
    nobody = settings(tmp_path, mail_from="")
    with pytest.raises(BadRequest, match="without a sender"):
        deliver(c, written[1].path, to="a@b.example", user="Ann", settings=nobody)
    written[0].path.write_bytes(written[0].path.read_bytes() + b"more")
    with pytest.raises(BadRequest, match="not the letter that was shown"):
        deliver(
            c, written[0].path, to="a@b.example", user="Ann", settings=known,
            approved=written[0].sha256,
        )  # fmt: skip
    assert {case.edmo: case.state for case in Cases(c).all()} == {486: "written", 545: "failed"}

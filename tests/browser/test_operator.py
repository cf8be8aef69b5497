"""An operator's morning: checks, flags, a rule, an export, letters that arrive."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mail_server import MailServer, mail_server
from playwright.sync_api import Page, expect
from serving import Running, running
from waiting import until
from workplace import Workplace

from sdcviz.demo import make_demo
from sdcviz.observations import Collection, import_files, open_collection
from sdcviz.qc.letters import Cases
from sdcviz.qc.model import PLACES
from sdcviz.qc.store import load_findings

Open = Callable[..., Page]

STATIONS = 800
NAME = "Ann Operator"
SPIKE = ("SYN199103 ALG", "008", 42)
"""Cruise, station and sample of the spike of temperature that is planted with this seed."""


@pytest.fixture(scope="module")
def mail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    with mail_server(tmp_path_factory.mktemp("mail")) as server:
        yield server


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo(tmp_path_factory.mktemp("demo") / "demo", stations=STATIONS)


@pytest.fixture(scope="module")
def place(
    demo: Path, mail: MailServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    given = {name: str(value) for name, value in mail.settings.items()}
    with running(
        tmp_path_factory.mktemp("place"), [demo], mail_from="Regional desk <qc@desk.example>",
        data_centre_addresses='{"9001": "data@a.example"}', **given,
    ) as server:  # fmt: skip
        yield server


def planted(c: Collection) -> tuple[int, int]:
    """Return row and sample of the spike."""
    cruise, station, sample = SPIKE
    (row,) = c.find_station(f"{cruise}/{station}")
    return int(row), sample


def now(demo: Path) -> Collection:
    """Open the collection anew, with the journal as it is on the disk."""
    return open_collection(demo)


def text_of(message: EmailMessage, ending: str) -> str:
    (part,) = (p for p in message.iter_attachments() if (p.get_filename() or "").endswith(ending))
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode()


def sample_keys(c: Collection) -> list[str]:
    return [p.key for p in c.parameters]


def stations_by_name(c: Collection) -> dict[tuple[str, str, str], int]:
    names = (c.text(n).texts() for n in ("cruise", "station", "local_cdi_id"))
    return {key: row for row, key in enumerate(zip(*names, strict=True))}


def test_a_morning(
    open_page: Open, place: Running, demo: Path, mail: MailServer, tmp_path: Path
) -> None:
    page = open_page(place.address)
    desk = Workplace(page)
    desk.sign(NAME)

    # All checks over the collection; the queue has what they found, the worst first.
    desk.run_checks()
    c = now(demo)
    findings = load_findings(c)
    assert findings is not None and {"spike", "global_range"} <= set(findings.checks)
    concerned = np.unique(findings.station)
    desk.says_left(f"{len(concerned)} of {len(concerned)} left")
    page.get_by_text(f"{len(findings)} findings at {len(concerned)} stations").wait_for()

    # Through the queue with keys, as far as the spike.
    row, sample = planted(c)
    assert row in concerned
    seen = [walk(desk, c, 1, len(concerned))]
    while seen[-1] != row:
        seen.append(walk(desk, c, len(seen) + 1, len(concerned), press="n"))
    assert len(set(seen)) == len(seen) > 1 and set(seen) <= set(concerned.tolist())
    assert walk(desk, c, len(seen) - 1, len(concerned), press="p") == seen[-2]
    assert walk(desk, c, len(seen), len(concerned), press="n") == row

    # A lasso around it in the profile, a reason, a flag.
    flag_the_spike(desk, c, row, sample)
    c = now(demo)
    assert chr(c.flag_at("temperature", row, sample)[0]) == "4"
    (entry,) = c.journal.history(c, row, sample, "temperature")
    assert (entry.user, entry.reason, entry.new) == (NAME, "spike", "4")

    # A flag in the table, taken back with a key.
    mend_in_the_table(desk, demo, row, sample)

    # A rule, looked at before it is applied.
    hits = apply_a_rule(desk, demo)
    c = now(demo)
    last = c.journal.batches(c)[-1]
    assert (last.tool, last.user, last.reason) == ("rule", NAME, "offset of cruise")
    assert "SYN200601 ION" in last.selection and last.samples == hits

    # An export with the flags as they stand now, read again.
    export_and_compare(desk, demo, tmp_path)

    # Letters: written, looked at, approved, sent.
    letters_arrive(desk, demo, mail, tmp_path)


def walk(desk: Workplace, c: Collection, nth: int, total: int, press: str = "") -> int:
    """Go to the nth station of the queue; what is drawn is what the library says of it."""
    if press:
        before = desk.row
        desk.press(press)
        desk.until("return view && view.row !== given", before)
    desk.place(f"{nth} of {total}")

    def shown_and_named() -> tuple[int] | None:
        """The station that is drawn, once the line over the plots names the same one."""
        at = desk.row
        names = (c.text("cruise").texts()[at], c.text("station").texts()[at])
        return (at,) if title.inner_text().strip() == " · ".join(names) else None

    title = desk.page.locator(".row .title b")
    (row,) = until(shown_and_named, "the line names the station that is drawn")
    profile = c.profile(row)
    shown = desk.ask("return {id: view.id, n: view.n, depth: [...view.depth]}")
    assert (shown["id"], shown["n"]) == (c.station_id(row), len(profile))
    np.testing.assert_allclose(shown["depth"], profile["depth"], rtol=1e-6)
    return int(row)


def flag_the_spike(desk: Workplace, c: Collection, row: int, sample: int) -> None:
    profile = c.profile(row)
    desk.page.get_by_label("Parameter to flag").select_option("temperature")
    desk.until("return desk.shown.pairs.a[0] === 'temperature' && view?.row === given", row)
    desk.give_reason("1")
    expect(desk.page.locator(".why")).to_have_text("spike")
    level = profile.iloc[sample]
    desk.lasso_until("a", (float(level["temperature"]), float(level["depth"])), sample)
    desk.press("4")
    desk.wait_flag("temperature", sample, "4")
    desk.wait_saved()


def mend_in_the_table(desk: Workplace, demo: Path, row: int, sample: int) -> None:
    c = now(demo)
    other = sample - 1
    before = chr(c.flag_at("temperature", row, other)[0])
    column = f"f{list_of_keys(c, row).index('temperature')}"
    desk.set_in_table(other, column, "3 probably bad")
    desk.wait_flag("temperature", other, "3")
    expect(desk.cell(other, column)).to_contain_text("3")
    desk.wait_saved()
    c = now(demo)
    assert chr(c.flag_at("temperature", row, other)[0]) == "3"
    assert c.journal.batches(c)[-1].tool == "table"
    desk.press("u")
    desk.wait_flag("temperature", other, before)
    expect(desk.cell(other, column)).to_contain_text(before)
    c = now(demo)
    assert chr(c.flag_at("temperature", row, other)[0]) == before
    assert chr(c.flag_at("temperature", row, sample)[0]) == "4"
    assert [batch.tool for batch in c.journal.batches(c)] == ["hand", "table", "undo"]


def list_of_keys(c: Collection, row: int) -> list[str]:
    """Return the parameters that a station has, in the order of the table."""
    return [p.key for p in c.parameters if c.has(p.key)[row]]


def apply_a_rule(desk: Workplace, demo: Path) -> int:
    """Flag the salinity of a cruise that was measured too high."""
    c = now(demo)
    dialog = desk.tool("Rule")
    dialog.get_by_label("Flagged parameter").select_option("salinity")
    dialog.get_by_label("Rule", exact=True).fill('cruise == "SYN200601 ION" and depth > 100')
    rows = np.flatnonzero(np.array(c.text("cruise").texts()) == "SYN200601 ION")
    samples = c.where(rows=tuple(rows.tolist()), depth=(100, None)).samples("salinity")
    deep = np.isfinite(samples["salinity"]) & (samples["depth"] > 100)
    hits, good = int(deep.sum()), int((deep & (samples["salinity_flag"] != ord("3"))).sum())
    count = dialog.locator(".count")
    expect(count).to_have_text(re.compile(rf"^{hits} hits at {len(rows)} of "))
    assert now(demo).journal.last(c) == c.journal.last(c)  # nothing is written yet
    dialog.get_by_role("button", name="Flag 3 probably bad").or_(
        dialog.locator(".chips [data-flag='3']")
    ).first.click()
    dialog.get_by_label("Reason", exact=True).fill("offset of cruise")
    dialog.get_by_role("button", name=f"Set {good} flags").click()
    expect(dialog.get_by_role("status")).to_contain_text(
        f"{good} flags set at {len(rows)} stations"
    )
    desk.close(dialog)
    c = now(demo)
    after = c.where(rows=tuple(rows.tolist()), depth=(100, None)).samples("salinity")
    assert set(after["salinity_flag"][deep]) == {ord("3")}
    return good


def export_and_compare(desk: Workplace, demo: Path, folder: Path) -> None:
    dialog = desk.tool("Save")
    dialog.get_by_role("button", name="Write file").click()
    link = dialog.locator("a[download]")
    with desk.page.expect_download() as download:
        link.click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    desk.close(dialog)
    import_files([file], folder / "again")
    c, again = now(demo), open_collection(folder / "again")
    assert (again.n_stations, again.n_samples) == (c.n_stations, c.n_samples)
    there = stations_by_name(again)
    rows = np.array([there[name] for name in stations_by_name(c)])
    assert len(set(rows.tolist())) == c.n_stations
    for key in sample_keys(c):
        for row, other in enumerate(rows.tolist()):
            a, b = c.offsets[row : row + 2]
            x, y = again.offsets[other : other + 2]
            assert bytes(c.flags(key)[a:b]) == bytes(again.flags(key)[x:y]), (key, row)


def letters_arrive(desk: Workplace, demo: Path, mail: MailServer, folder: Path) -> None:
    page = desk.page
    dialog = desk.tool("Letters")
    dialog.get_by_role("button", name="Write letters").click()
    told = dialog.get_by_role("status")
    expect(told).to_have_text(re.compile(r"^\d+ letters? written\.$"))
    c = now(demo)
    cases = Cases(c).all()
    assert cases and not mail.mails and {case.author for case in cases} == {NAME}
    for case in cases:
        dialog.locator(f"[data-id='{case.id}']").click()
        expect(dialog.locator(".subject")).to_have_text(case.subject)
        frame = page.frame_locator("iframe[title=Letter]")
        expect(frame.locator("h1")).to_have_text(case.subject)
        address = f"data@centre{case.edmo}.example"
        field = dialog.get_by_label("Address", exact=True)
        expect(field).to_have_value("data@a.example" if case.edmo == 9001 else "")
        field.fill(address)
        dialog.get_by_role("button", name="Approve and send").click()
        expect(told).to_have_text(f"Sent to {address}.")
        expect(dialog.locator(f"[data-id='{case.id}'] .state")).to_have_text("sent")
    assert len(mail.mails) == len(cases)
    assert all(s.ssl is not None and s.authenticated for s in mail.sessions)
    assert {case.state for case in Cases(c).all()} == {"sent"}
    by_centre = {int(str(m["To"]).removeprefix("data@centre").split(".")[0]): m for m in mail.mails}
    changed = net(c)
    assert set(by_centre) >= {edmo for edmo, *_ in changed}
    for edmo, message in by_centre.items():
        read_letter(message, edmo, c, changed, folder / f"letter{edmo}")

    # The data centre answers; its share accepted is shown.
    dialog.get_by_role("tab", name="Answers").click()
    dialog.get_by_role("button", name="Accept all open").click()
    dialog.get_by_role("button", name="Save answers").click()
    expect(told).to_have_text(re.compile(r"^\d+ answers? noted\.$"))
    expect(dialog.locator(".shares")).to_contain_text("100%")
    desk.close(dialog)


def net(c: Collection) -> Counter[tuple[int, str, str, str]]:
    """Count flags that are not as they were imported: data centre, parameter, old, new."""
    found: Counter[tuple[int, str, str, str]] = Counter()
    edmo = np.repeat(c.edmo, np.diff(c.offsets))
    for p in c.parameters:
        old, new = c.imported_flags(p.key), c.flags(p.key)
        for i in np.flatnonzero(old != new).tolist():
            found[int(edmo[i]), p.label, chr(old[i]), chr(new[i])] += 1
    return found


def read_letter(
    message: EmailMessage, edmo: int, c: Collection, changed: Counter[Any], folder: Path
) -> None:
    """Compare what arrived with the flags of the collection."""
    assert not message.defects
    assert f"(EDMO {edmo})" in message["Subject"]
    assert message["From"] == "Regional desk <qc@desk.example>"
    body = message.get_body(("plain",))
    assert body is not None and f"Quality control by {NAME}" in " ".join(body.get_content().split())
    mine = {key[1:]: n for key, n in changed.items() if key[0] == edmo}
    names = [part.get_filename() for part in message.iter_attachments()]
    rows: list[dict[str, str]] = []
    if any(name and name.endswith("_changes.csv") for name in names):
        rows = list(csv.DictReader(io.StringIO(text_of(message, "_changes.csv"), newline="")))
    told = Counter(
        (r["parameter_label"], r["flag_old"], r["flag_new"])
        for r in rows
        if r["parameter_label"] not in PLACES.values()
    )
    assert told == mine
    items = list(csv.DictReader(io.StringIO(text_of(message, "_items.csv"), newline="")))
    assert [int(item["number"]) for item in items] == list(range(1, len(items) + 1))
    assert "<script" not in text_of(message, "_letter.html").lower()
    if mine:
        folder.mkdir()
        (folder / "stations.txt").write_text(text_of(message, "_stations.txt"))
        import_files([folder / "stations.txt"], folder / "c")
        sent = open_collection(folder / "c")
        for cruise, station, cdi in stations_by_name(sent):
            (here,) = sent.find_station(cdi)
            (there,) = (r for r in c.find_station(cdi) if c.edmo[r] == edmo)
            assert cruise and station
            for key in sample_keys(sent):
                a, b = sent.offsets[here : here + 2]
                x, y = c.offsets[there : there + 2]
                assert bytes(sent.flags(key)[a:b]) == bytes(c.flags(key)[x:y])

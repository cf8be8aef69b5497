"""The journal when things go wrong: killed processes, many writers, a restart, a full disk."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from conftest import ROOT
from databases import Postgres, postgres
from journalled import first_good, flag, make_collection, use_journal
from sqlalchemy import text

from sdcviz.errors import StorageError
from sdcviz.observations import Collection, open_collection
from sdcviz.settings import get_settings

pytestmark = pytest.mark.service

KILLS = {"sqlite": 200, "postgresql": 50}
HELPERS = [str(ROOT / "tests" / "qc"), str(ROOT / "tests" / "observations")]


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def folder(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    url = None
    if request.param == "postgresql":
        url = request.getfixturevalue("server").url
    with use_journal(url, monkeypatch):
        yield make_collection(tmp_path / "c")


def start(code: str, *words: object) -> subprocess.Popen[str]:
    """Start a Python program that can import the helpers of the tests."""
    head = f"import sys; sys.path[:0] = {HELPERS!r}\n"
    command = [sys.executable, "-c", head + code, *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def result(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out


def assert_whole(c: Collection) -> None:
    """Check that each batch has all its edits, and that the flags are what they make."""
    store = c.journal.store(c)
    assert store is not None
    asked = text(
        "SELECT b.samples, coalesce((SELECT sum(count) FROM edit WHERE batch = b.id), 0) + "
        "coalesce((SELECT sum(samples) FROM block WHERE batch = b.id), 0) "
        "FROM batch b WHERE b.collection = :id"
    )
    for samples, found in store.read(lambda db: db.execute(asked, {"id": c.id}).all()):
        assert samples == found
    flags = c.imported_flags("temperature").copy()
    edits, _ = c.journal.edits(c)
    for row, sample, old, new in zip(
        edits.station, edits.sample, edits.old, edits.new, strict=True
    ):
        place = c.offsets[row] + sample
        assert flags[place] == old
        flags[place] = new
    assert np.array_equal(flags, c.flags("temperature"))
    if store.is_sqlite:
        checked = store.read(lambda db: db.exec_driver_sql("PRAGMA integrity_check").scalar())
        assert checked == "ok"


# Children are forked from a warm process, as the start of Python would take most of the time.
# Each batch has three stations, so that a half would show; it is told after it is acknowledged.
KILLED = """
import os, random, signal, time, traceback
import numpy as np
from pathlib import Path
from journalled import copy_collection, first_good, flag
from sdcviz.errors import Conflict
from sdcviz.observations import open_collection
from sdcviz.qc.journal import conflicts, news, store  # loaded before the forks

other = open_collection(copy_collection(Path(sys.argv[1]), Path(sys.argv[1] + "-other")))
flag(other, *first_good(other), "4")  # warms up
c = open_collection(sys.argv[1])
rows = np.flatnonzero((np.diff(c.offsets) > 1) & (c.flags("temperature")[c.offsets[:-1]] != 57))[:3]
chance = random.Random(7)
store.open_store.cache_clear()  # a connection is never shared with a child

def child(out):
    c.catch_up()
    while True:
        new = np.where(c.flag_at("temperature", rows, 0) == ord("3"), ord("4"), ord("3"))
        try:
            batch = flag(c, rows, 0, new)
        except Conflict:  # PostgreSQL has gone on committing for a client that was killed
            continue
        os.write(out, f"{batch.token}\\n".encode())

for _ in range(int(sys.argv[2])):
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            child(writer)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(1)
    os.close(writer)
    told = os.read(reader, 65536)  # waits for the first one
    time.sleep(chance.uniform(0, 0.012))
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status), status
    while more := os.read(reader, 65536):
        told += more
    os.close(reader)
    sys.stdout.write(told.decode())
"""


def test_kill_9_at_any_moment_loses_no_acknowledged_edit(folder):
    c = open_collection(folder)
    kills = KILLS["postgresql" if get_settings().journal_url else "sqlite"]
    told = result(start(KILLED, folder, kills)).split()
    assert len(told) >= kills
    c.catch_up()
    written = [batch.token for batch in c.journal.batches(c)]
    assert set(told) <= set(written)
    # what was written but not told was killed between commit and reply: at most one a child
    assert len(written) - len(told) <= kills
    assert len(set(written)) == len(written)
    assert_whole(c)


MANY = """
import time
import numpy as np
from journalled import first_good, flag
from sdcviz.errors import Conflict
from sdcviz.observations import open_collection

folder, mine, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
c = open_collection(folder)
own = first_good(open_collection(folder, "source"), nth=mine)
shared = first_good(open_collection(folder, "source"), nth=20)
told = lost = 0
for n in range(count):
    flag(c, *own, "34"[n % 2], user=f"user {mine}")
    told += 1
    if n % 10 == 0:  # all of them want this one
        try:
            now = c.flag_at("temperature", *shared)
            flag(c, *shared, "34"[int(now[0] == ord("3"))], user=f"user {mine}")
            told += 1
        except Conflict:
            lost += 1
print(told, lost)
"""


def test_four_processes_lose_none_of_each_others_edits(folder):
    count = 100
    processes = [start(MANY, folder, n, count) for n in range(4)]
    told = [tuple(map(int, result(p).split())) for p in processes]
    c = open_collection(folder)
    batches = c.journal.batches(c)
    assert [b.id for b in batches] == sorted({b.id for b in batches})
    assert len(batches) == sum(n for n, _ in told)
    assert sum(n + lost for n, lost in told) == 4 * (count + count // 10)
    for n, (mine, _) in enumerate(told):
        assert len(c.journal.batches(c, user=f"user {n}")) == mine
    assert_whole(c)


def test_threads_of_one_process_share_a_collection(folder):
    c = open_collection(folder)
    failed: list[BaseException] = []

    def work(nth: int) -> None:
        try:
            for n in range(40):
                flag(c, *first_good(source, nth=nth), "34"[n % 2], user=str(nth))
        except BaseException as error:
            failed.append(error)

    source = open_collection(folder, "source")
    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(c.journal.batches(c)) == 160
    assert_whole(c)


def test_postgresql_is_restarted_while_flags_are_edited(server, tmp_path, monkeypatch):
    with use_journal(server.url, monkeypatch):
        c = open_collection(make_collection(tmp_path / "c"))
        other = open_collection(c.path)
        place = first_good(c)
        written: list[str] = []
        enough = [threading.Event() for _ in range(3)]
        done = threading.Event()

        def restart() -> None:
            for event, mode in zip(enough, ("fast", "immediate", "fast"), strict=True):
                event.wait()
                server.stop(mode)
                server.start()
            done.set()

        thread = threading.Thread(target=restart)
        thread.start()
        while not done.is_set() or len(written) < 200:
            token = uuid4().hex
            batch = flag(c, *place, "34"[len(written) % 2], token=token)
            assert batch.token == token
            written.append(token)
            for event in enough[: len(written) // 50]:
                event.set()
        thread.join()
        assert [batch.token for batch in c.journal.batches(c)] == written
        other.catch_up()
        assert np.array_equal(other.flags("temperature"), c.flags("temperature"))
        assert_whole(c)


def test_no_database_is_said_in_one_sentence(tmp_path, monkeypatch):
    c_folder = make_collection(tmp_path / "c")
    monkeypatch.setattr("sdcviz.qc.journal.store.PATIENCE", 0.3)
    with use_journal("postgresql://tester:secret@127.0.0.1:1/none", monkeypatch):
        with pytest.raises(StorageError) as caught:
            open_collection(c_folder)
    assert "the journal can't be read" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


# ---- no room -----------------------------------------------------------
FULL = """
import resource
import numpy as np
from journalled import first_good, flag
from sdcviz.errors import StorageError
from sdcviz.observations import open_collection

c = open_collection(sys.argv[1])
place = first_good(c)
if len(sys.argv) > 2:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
for n in range(5000):
    try:
        print(flag(c, *place, "34"[n % 2], reason="x" * 2000).token)
    except StorageError as error:
        print(error)
        before = c.flag_at("temperature", *place)
        break
else:
    raise SystemExit("it never was full")
c.catch_up()
assert np.array_equal(c.flag_at("temperature", *place), before)
"""


def assert_intact_after(out: str, folder: Path) -> str:
    """Check that all told batches are there and more can be written; return the sentence."""
    *told, sentence = out.strip().split("\n")
    c = open_collection(folder)
    assert told
    assert [batch.token for batch in c.journal.batches(c)] == told
    assert_whole(c)
    flag(c, *first_good(c, nth=9), "4")
    assert_whole(c)
    return sentence


def test_a_full_disk_is_said_and_costs_nothing(tmp_path, monkeypatch):
    with use_journal(None, monkeypatch):
        folder = make_collection(tmp_path / "c")
        sentence = assert_intact_after(result(start(FULL, folder, 400_000)), folder)
    assert sentence.startswith(str(folder / "journal.sqlite"))
    assert "no flag was changed" in sentence
    assert "what was saved before is intact" in sentence

"""What runs inside of a job, alone: limits, log, events, exit record."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from waiting import until

from sdcviz.jobs.folders import read_events, read_log
from sdcviz.jobs.inside import log as inside_log

ROOT = Path(__file__).resolve().parents[2]


def start(folder: Path, *argv: str, before: str = "", **more: Any) -> subprocess.Popen[bytes]:
    """Start the wrapper with a program; `before` is done in its Python first."""
    (folder / "work").mkdir(exist_ok=True)
    job = {"id": "0" * 32, "attempt": 1, "argv": argv, "grace": 1, **more}
    (folder / "job.json").write_text(json.dumps(job))
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r}); {before}\n"
    script += "from sdcviz.jobs.inside.run import main; sys.exit(main(sys.argv))"
    return subprocess.Popen([sys.executable, "-S", "-c", script, str(folder)])


def ended(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "exit.json").read_text()))


def script(text: str) -> tuple[str, ...]:
    return (sys.executable, "-S", "-c", text)


def test_the_module_runs_a_folder(tmp_path: Path) -> None:
    start(tmp_path, "/bin/sh", "-c", "echo hello; pwd; exit 3").wait()
    (tmp_path / "exit.json").unlink()
    command = [sys.executable, "-m", "sdcviz.jobs.inside", str(tmp_path)]
    assert subprocess.run(command).returncode == 3
    facts = ended(tmp_path)
    assert (facts["exit_code"], facts["signal"], facts["reason"]) == (3, 0, "")
    lines = read_log(tmp_path)[0].decode().splitlines()
    assert lines == ["hello", str(tmp_path / "work")] * 2


def test_an_attempt_that_has_ended_does_not_run_again(tmp_path: Path) -> None:
    for _ in range(2):
        assert start(tmp_path, "/bin/sh", "-c", "echo once").wait() == 0
    assert read_log(tmp_path)[0] == b"once\n"


def test_a_program_that_is_not_there_is_said(tmp_path: Path) -> None:
    assert start(tmp_path, "no-such-program").wait() == 127
    assert b"no-such-program: can't be started" in read_log(tmp_path)[0]


def test_a_pause_does_not_count_as_time(tmp_path: Path) -> None:
    process = start(tmp_path, *script("import time; time.sleep(2)"), limits={"walltime": 4.0})
    until(lambda: read_events(tmp_path)[0], "its start")
    os.kill(process.pid, signal.SIGSTOP)
    # The command's two seconds and some more go by.
    begun = until(lambda: os.times().elapsed, "a clock")
    until(lambda: os.times().elapsed - begun > 4.5, "more than its time")
    os.kill(process.pid, signal.SIGCONT)
    process.wait()
    assert ended(tmp_path)["reason"] == ""
    assert ended(tmp_path)["usage"]["wall"] < 4


@pytest.mark.parametrize("days", [10, -10])
def test_a_clock_that_jumps_changes_nothing(tmp_path: Path, days: int) -> None:
    jump = f"import time, itertools; jumps = itertools.count(0, {days} * 86400); "
    jump += "real = time.time; time.time = lambda: real() + next(jumps)"
    command = script("import time; time.sleep(1)")
    start(tmp_path, *command, before=jump, limits={"walltime": 30.0}).wait()
    facts = ended(tmp_path)
    assert (facts["exit_code"], facts["reason"]) == (0, "")
    assert 0.9 < facts["usage"]["wall"] < 30
    assert (facts["ended"] > facts["started"]) is (days > 0)  # it did jump


def test_a_killed_wrapper_takes_its_command_along(tmp_path: Path) -> None:
    process = start(tmp_path, *script("import time; time.sleep(1000)"))
    [event] = until(lambda: read_events(tmp_path)[0], "its start")
    process.kill()
    process.wait()
    until(lambda: not Path(f"/proc/{event['pid']}").exists(), "the command's end")
    assert not (tmp_path / "exit.json").exists()


def test_what_detaches_itself_is_ended_with_the_job(tmp_path: Path) -> None:
    child = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(1000)"
    text = "import os, subprocess, sys, time\n"
    text += f"subprocess.Popen([sys.executable, '-S', '-c', {child!r}], start_new_session=True)\n"
    text += "while not os.path.exists('pid') or not open('pid').read(): time.sleep(0.01)"
    assert start(tmp_path, *script(text)).wait() == 0
    pid = (tmp_path / "work" / "pid").read_text()
    until(lambda: not Path(f"/proc/{pid}").exists(), "its end")


def test_a_log_keeps_its_beginning_and_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("HEAD", 1000), ("PIECE", 100), ("KEPT", 3)):
        monkeypatch.setattr(inside_log, name, value)
    text = b"".join(b"%09d\n" % number for number in range(500))
    for begin in range(0, 5000, 1250):  # as by four attempts
        writer = inside_log.LogWriter(str(tmp_path))
        for at in range(begin, begin + 1250, 250):
            writer.write(text[at : at + 250])
    files = list(tmp_path.iterdir())
    assert len(files) == 4 and sum(file.stat().st_size for file in files) == 1300
    found, offset = b"", 0
    while True:
        piece, offset = read_log(tmp_path, offset, 64)
        if not piece:
            break
        found += piece
    assert offset == 5000
    said = b"\n[3.7 kB of the log are left out here]\n"
    assert found == text[:1000] + said + text[-300:]
    assert read_log(tmp_path, -10) == (b"000000499\n", 5000)
    assert read_log(tmp_path, 3000)[0] == b"\n[1.7 kB of the log are left out here]\n"


def test_use_is_measured_over_the_whole_tree(tmp_path: Path) -> None:
    child = "import time\nb = bytearray(60_000_000); e = time.process_time() + 0.5\n"
    child += "while time.process_time() < e: pass\nopen('big', 'wb').write(b[:5_000_000])"
    text = f"import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', {child!r}])"
    assert start(tmp_path, *script(text)).wait() == 0
    used = ended(tmp_path)["usage"]
    assert used["cpu"] > 0.5 and used["wall"] > 0.4
    assert used["memory"] > 60_000_000 and used["memory_time"] > 1e7
    assert used["written"] > 4_900_000

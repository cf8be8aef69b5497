"""What the tests of engines start ends with them, also when they are killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from engine_services import needed_service
from waiting import until

pytestmark = pytest.mark.service

USER = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from engine_services import IMAGE, host_binds, service
with service({kind!r}, Path({place!r})) as ready:
    if {kind!r} == "docker":
        from docker.types import Mount
        mounts = [Mount(str(p), str(p), type="bind", read_only=True) for p in host_binds()]
        with ready.client() as docker:
            docker.containers.run(IMAGE, ["sleep", "600"], detach=True, mounts=mounts)
    else:
        ready.ask("sbatch", "--output=/dev/null", "--wrap", "exec sleep 600")
    print("ready", flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("kind", ["docker", "slurm"])
def test_nothing_is_left_behind(kind: str, tmp_path: Path) -> None:
    with needed_service(kind, tmp_path / "shared") as first:
        tests = str(Path(__file__).resolve().parents[1])
        script = USER.format(tests=tests, kind=kind, place=str(tmp_path / "alone"))
        process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        folder = Path((tmp_path / "alone" / f"{kind}.folder").read_text())
        process.kill()
        process.communicate()
        until(lambda: not folder.exists(), "the folder is gone")
        assert str(folder) not in Path("/proc/self/mounts").read_text()
        assert _processes(folder) == []
        # Another one, and who still uses it, are left alone.
        with needed_service(kind, tmp_path / "shared") as second:
            assert second.folder == first.folder
        assert _processes(first.folder) != []


def _processes(folder: Path) -> list[list[str]]:
    lines = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    return [line for line in lines if any(f"{folder}/" in word for word in line)]

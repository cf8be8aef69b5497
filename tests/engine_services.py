"""A real Docker daemon and a real Slurm for tests, each in a folder of its own.

A guard, a process of its own, ends them and cleans up when nobody holds their lock any more: also
when the tests were killed. No daemon that is already there is touched.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

import psutil
from ports import free_port
from waiting import until

PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
IMAGE = "sdcviz/hostroot:1"
"""An empty image; containers of it see the programs of this machine."""

T = TypeVar("T")


def run(*words: object, **more: Any) -> str:
    """Run a command and return what it prints."""
    command = [str(word) for word in words]
    return subprocess.run(command, check=True, capture_output=True, text=True, **more).stdout


def program(name: str) -> str | None:
    """Find a program, also among those of the administrator."""
    return shutil.which(name, path=PATH)


def host_binds() -> list[Path]:
    """List what a container of `IMAGE` needs to run the Python of the tests with sdcviz."""
    root = Path(__file__).resolve().parents[1]
    system = [Path(p) for p in ("/usr", "/lib", "/lib64", "/bin", "/etc/ssl", "/etc/ld.so.cache")]
    python = [Path(sys.base_prefix), Path(sys.prefix), root]
    return [path for path in (*system, *python) if path.exists()]


class DockerDaemon:
    """A daemon with its own data, socket and containerd, without bridge and firewall rules."""

    programs = ("dockerd", "containerd", "runc")
    packages = "docker.io"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"unix://{folder}/docker.sock"

    def start(self, *more: str) -> None:
        words = [program("dockerd"), "--data-root", self.folder / "data", "--exec-root"]
        words += [self.folder / "exec", "-H", self.url, "--pidfile", self.folder / "docker.pid"]
        words += ["--iptables=false", "--ip6tables=false", "--bridge=none", "--ip-forward=false"]
        _start(words + list(more), self.folder / "docker.log")
        until(self.answers, "dockerd answers")

    def prepare(self) -> None:
        """Start it, with an image."""
        self.start()
        with self.client() as docker:
            # Its /tmp is there for everybody, also where the tests' folders lie below it.
            places = _tar(tmp=None)
            text = b"FROM scratch\nADD places.tar /\nENV PATH=/usr/bin:/bin\n"
            context = _tar(Dockerfile=text, **{"places.tar": places.getvalue()})
            docker.images.build(fileobj=context, custom_context=True, tag=IMAGE, rm=True)

    def settings(self) -> dict[str, Any]:
        """Return the settings of sdcviz that belong to it."""
        return {
            "docker_url": self.url,
            "docker_image": IMAGE,
            "docker_python": sys.executable,
            "docker_binds": tuple(host_binds()),
            "docker_network": "host",
        }

    def answers(self) -> bool:
        from docker.errors import DockerException
        from requests.exceptions import RequestException

        try:
            with self.client() as docker:
                return bool(docker.ping())
        except (DockerException, RequestException):
            return False

    @contextmanager
    def client(self) -> Iterator[Any]:
        from docker import DockerClient

        docker = DockerClient(self.url, timeout=180)
        try:
            yield docker
        finally:
            docker.close()

    def stop(self, signal: int = 15) -> None:
        """End it; its containerd goes with it, also when it was killed."""
        _end(self.folder / "docker.pid", signal)
        _end(self.folder / "exec" / "containerd" / "containerd.pid", signal)

    def end(self) -> None:
        """Kill containers and stop; what they mounted goes as well."""
        if self.answers():
            with self.client() as docker:
                for container in docker.containers.list(all=True):
                    with suppress(Exception):
                        container.remove(force=True)
        self.stop()
        mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
        for mount in sorted(mounts, reverse=True):
            if mount.startswith(f"{self.folder}/"):
                subprocess.run(["umount", "-l", mount], check=False)


def _tar(**members: bytes | None) -> BytesIO:
    """Pack files by name; None is a folder that everybody may write in."""
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            if data is None:
                member.type, member.mode = tarfile.DIRTYPE, 0o1777
            else:
                member.size = len(data)
            archive.addfile(member, BytesIO(data or b""))
    packed.seek(0)
    return packed


SLURM = """
ClusterName=t
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={daemon}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,bf_interval=1,sched_min_interval=1000
ReturnToService=2
MpiDefault=none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
DefMemPerCPU=200
KillWait=5
MessageTimeout=10
AccountingStorageType=accounting_storage/none
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=1:00:00 State=UP OverSubscribe=FORCE:16
"""


class SlurmCluster:
    """Controller, one node and their key, on free ports."""

    programs = ("slurmctld", "slurmd", "sbatch", "munged")
    packages = "slurm-wlm munge"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.conf = folder / "slurm.conf"
        self.node = socket.gethostname().split(".")[0]

    def prepare(self) -> None:
        """Write the configuration and start all."""
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        memory = max(psutil.virtual_memory().total // 2**20 // 2, 1000)
        text = SLURM.format(
            host=self.node, folder=self.folder, controller=free_port(), daemon=free_port(),
            cpus=os.cpu_count(), memory=memory,
        )  # fmt: skip
        self.conf.write_text(text)
        folder = self.folder
        words = [program("munged"), "--foreground", "--force", f"--socket={folder}/munge.socket"]
        words += [f"--key-file={key}", f"--pid-file={folder}/munge.pid"]
        words += [f"--log-file={folder}/munge.log", f"--seed-file={folder}/munge.seed"]
        _start(words, folder / "munge.out")
        until((folder / "munge.socket").exists, "munged listens")
        self.start("slurmctld")
        self.start("slurmd")
        until(lambda: "idle" in self.ask("sinfo", "-h", "-o", "%T"), "the node is idle")

    def start(self, daemon: str) -> None:
        """Start one of its daemons, in the foreground and beside us."""
        words = [program(daemon), "-D", "-f", self.conf]
        _start(words, self.folder / f"{daemon}.out", SLURM_CONF=str(self.conf))

    def stop(self, daemon: str, signal: int = 15) -> None:
        _end(self.folder / f"{daemon}.pid", signal)

    def ask(self, name: str, *words: str) -> str:
        """Run a command of Slurm; empty where it does not answer."""
        env = {**os.environ, "SLURM_CONF": str(self.conf)}
        command = [str(program(name)), *words]
        done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
        return done.stdout.strip()

    def end(self) -> None:
        """Kill what runs, then the daemons."""
        self.ask("scancel", "--user=root", "--full", "--signal=KILL")
        self.ask("scancel", "--user=root")
        with suppress(AssertionError):
            until(lambda: not self.ask("squeue", "-h"), "no jobs", 20)
        for daemon in ("slurmd", "slurmctld", "munge"):
            self.stop(daemon)


KINDS: dict[str, Any] = {"docker": DockerDaemon, "slurm": SlurmCluster}


@contextmanager
def service(kind: str, place: Path) -> Iterator[Any]:
    """Share a service with the other processes of this test run that name the same place.

    Parameters
    ----------
    kind : str
        ``docker`` or ``slurm``.
    place : Path
        Folder for locks, known to all that share it.
    """
    place.mkdir(parents=True, exist_ok=True)
    with (place / f"{kind}.users").open("a") as users:
        with (place / f"{kind}.start").open("a") as door:
            fcntl.flock(door, fcntl.LOCK_EX)
            # Waits for a guard that is about to clean up.
            fcntl.flock(users, fcntl.LOCK_SH)
            where = place / f"{kind}.folder"
            if where.exists() and Path(where.read_text()).is_dir():
                ready = KINDS[kind](Path(where.read_text()))
            else:
                # Sockets need short names.
                folder = Path(tempfile.mkdtemp(prefix=f"sdcviz-{kind}-"))
                folder.chmod(0o755)
                words = [sys.executable, __file__, kind, str(folder), users.name]
                subprocess.Popen(words, start_new_session=True, stdin=subprocess.DEVNULL)
                ready = KINDS[kind](folder)
                ready.prepare()
                where.write_text(str(folder))
        yield ready


@contextmanager
def needed_service(kind: str, place: Path) -> Iterator[Any]:
    """Share a service like `service`; skip (in CI: fail) where it is not installed."""
    from conftest import need

    missing = [name for name in KINDS[kind].programs if not program(name)]
    need(not missing, f"{missing} are missing: apt-get install {KINDS[kind].packages}")
    need(os.geteuid() == 0, f"Only root can start {KINDS[kind].programs[0]}.")
    with service(kind, place) as ready:
        yield ready


def as_environment(settings: dict[str, Any]) -> dict[str, str]:
    """Write settings of sdcviz as variables of the environment."""
    texts = {
        name: ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        for name, value in settings.items()
    }
    return {f"SDCVIZ_{name.upper()}": text for name, text in texts.items()}


def _guard(kind: str, folder: Path, users: Path) -> None:
    """Wait until nobody holds the lock (processes that end let go of it), then clean up."""
    with users.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            KINDS[kind](folder).end()
        finally:
            _sweep(folder)
            shutil.rmtree(folder, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Kill processes that are left: those that were told of this folder, and what they started."""
    for process in psutil.process_iter(["pid", "cmdline"]):
        told = any(f"{folder}/" in word for word in process.info["cmdline"] or [])
        if told and process.pid != os.getpid():
            with suppress(psutil.Error):
                for one in (*process.children(recursive=True), process):
                    one.kill()


def _start(words: list[Any], log: Path, **env: str) -> None:
    with log.open("a") as said:
        subprocess.Popen(
            [str(word) for word in words], stdout=said, stderr=said, stdin=subprocess.DEVNULL,
            start_new_session=True, env={**os.environ, "PATH": PATH, **env},
        )  # fmt: skip


def _end(file: Path, signal: int = 15) -> None:
    """Stop the process that a file names, and wait for it."""
    with suppress(OSError, ValueError, psutil.Error):
        process = psutil.Process(int(file.read_text()))
        process.send_signal(signal)
        try:
            until(lambda: _is_over(process), f"{file} ends", 30)
        except AssertionError:
            process.kill()
            until(lambda: _is_over(process), f"{file} ends", 30)
        file.unlink(missing_ok=True)  # the number may be another's by now


def _is_over(process: psutil.Process) -> bool:
    """Tell whether a process has ended, if its parent has taken notice or not."""
    with suppress(ChildProcessError):
        os.waitpid(process.pid, os.WNOHANG)
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


if __name__ == "__main__":
    _guard(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))

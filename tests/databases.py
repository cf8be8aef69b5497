"""A real PostgreSQL server for tests, in a folder of its own."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from conftest import need
from ports import free_port


def _programs() -> Path | None:
    """Return the folder of the newest PostgreSQL; Debian does not put it on the path."""
    found = [p.parent for p in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    found += [Path(p).parent for p in [shutil.which("postgres")] if p]
    return max(found, key=lambda p: [int(n) for n in re.findall(r"\d+", str(p))], default=None)


def _someone_else() -> dict[str, Any]:
    """Name the user that runs the server: PostgreSQL refuses to be root."""
    if os.getuid() != 0:
        return {}
    names = [user.pw_name for user in pwd.getpwall()]
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


class Postgres:
    """A server that listens on a socket file in its folder, and on a port of 127.0.0.1.

    Parameters
    ----------
    folder : Path
        Belongs to the user that runs it.
    """

    def __init__(self, folder: Path) -> None:
        self._programs, self._folder = _programs(), folder
        self.port = free_port()
        self._run("initdb", "-D", f"{folder}/data", "-U", "tester", "-A", "trust", "-E", "UTF8",
                  "--no-sync", "--locale=C.UTF-8")  # fmt: skip

    @property
    def url(self) -> str:
        return self.database("postgres")

    def database(self, name: str) -> str:
        return f"postgresql://tester@127.0.0.1:{self.port}/{name}"

    def new_database(self, name: str) -> str:
        """Make an empty database and return its address."""
        self.sql(f'CREATE DATABASE "{name}"')
        return self.database(name)

    def sql(self, command: str) -> str:
        return self._run("psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "tester",
                         "-d", "postgres", "-Atc", command)  # fmt: skip

    def start(self) -> None:
        options = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1"
        self._run("pg_ctl", "-D", f"{self._folder}/data", "-l", f"{self._folder}/log", "-w",
                  "-t", "180", "-o", options, "start")  # fmt: skip

    def stop(self, mode: str = "fast") -> None:
        """Stop it: ``"fast"`` ends connections, ``"immediate"`` is a crash."""
        self._run("pg_ctl", "-D", f"{self._folder}/data", "-w", "-t", "180", "-m", mode, "stop")

    def _run(self, program: str, *words: str) -> str:
        # pg_ctl's server would keep a pipe open for ever: to files.
        with tempfile.TemporaryFile("w+") as said:
            done = subprocess.run(
                [f"{self._programs}/{program}", *words],
                stdout=said, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                cwd=self._folder, **_someone_else(),
            )  # fmt: skip
            said.seek(0)
            text = said.read().strip()
        assert done.returncode == 0, f"{program}: {text}"
        return text


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Start a server; stop it and remove its folder in the end."""
    need(_programs(), "PostgreSQL is missing: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="sdcviz-postgres-"))
    try:
        if owner := _someone_else():
            os.chown(folder, owner["user"], owner["group"])
        server = Postgres(folder)
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)

"""A base image made of this machine's own Python, for Dockerfiles that can't fetch theirs.

It has what a Dockerfile of docker/ asks of ``python:3.12-slim``: python and pip at /usr/local, a
shell, useradd and a few tools. Packages of the tests are mounted when a container runs.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterator
from pathlib import Path

PACKAGES = Path(sysconfig.get_paths()["purelib"])
"""Where the packages of the tests are."""
TOOLS = ("sh", "env", "install", "mkdir", "rm", "chmod", "chown", "id", "stat", "cat", "useradd")
_SKIPPED = {"test", "idlelib", "tkinter", "turtledemo", "lib2to3", "site-packages"}
_SKIPPED |= {"dist-packages", "ensurepip"}
_BUILDERS = ("pip", "setuptools", "wheel", "pkg_resources", "_distutils_hack")
_PLAIN = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
    "etc/group": "root:x:0:\n",
    "etc/login.defs": "UID_MIN 1000\nGID_MIN 1000\nUSERGROUPS_ENAB yes\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    "etc/hosts": "127.0.0.1 localhost\n",
}


def base_image() -> io.BytesIO:
    """Give the file system of the base image, as a tar archive."""
    packed = io.BytesIO()
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    with tarfile.open(fileobj=packed, mode="w") as tar:
        _tree(tar)
        program = Path(os.path.realpath(sys.executable))
        tar.add(program, f"usr/local/bin/{version}")
        for name in ("python", "python3"):
            _link(tar, f"usr/local/bin/{name}", version)
        _text(tar, "usr/local/bin/pip", '#!/bin/sh\nexec python -m pip "$@"\n', 0o755)
        library = Path(sysconfig.get_paths()["stdlib"])
        for entry in sorted(library.iterdir()):
            if entry.name not in _SKIPPED:
                tar.add(entry, f"usr/local/lib/{version}/{entry.name}", filter=_wanted)
        for entry in _builders():
            tar.add(entry, f"usr/local/lib/{version}/site-packages/{entry.name}", filter=_wanted)
        programs = [Path(found) for tool in TOOLS if (found := _which(tool))]
        for tool in programs:
            tar.add(os.path.realpath(tool), f"usr/bin/{tool.name}")
        for name, path in _libraries([program, *programs, *library.glob("lib-dynload/*.so")]):
            tar.add(path, f"usr/local/lib/{name}")
            if name.startswith("ld-"):  # the loader is asked for by its whole path
                tar.add(path, f"usr/lib64/{name}")
    packed.seek(0)
    return packed


def _tree(tar: tarfile.TarFile) -> None:
    for name in (
        "etc",
        "tmp",
        "root",
        "home",
        "var",
        "usr/bin",
        "usr/lib",
        "usr/lib64",
        "proc",
        "dev",
    ):
        entry = tarfile.TarInfo(name)
        entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
        tar.addfile(entry)
    for name in ("bin", "lib", "lib64"):
        _link(tar, name, f"usr/{name}")
    _link(tar, "usr/sbin", "bin")
    for name, text in _PLAIN.items():
        _text(tar, name, text, 0o644)


def _text(tar: tarfile.TarFile, name: str, text: str, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(text.encode()), mode
    tar.addfile(entry, io.BytesIO(text.encode()))


def _link(tar: tarfile.TarFile, name: str, target: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    tar.addfile(entry)


def _wanted(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if Path(entry.name).name in _SKIPPED else entry


def _builders() -> Iterator[Path]:
    """List what builds and installs a wheel."""
    for entry in sorted(PACKAGES.iterdir()):
        if entry.name.split("-")[0] in _BUILDERS:
            yield entry


def _which(tool: str) -> str | None:
    return shutil.which(tool, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


def _libraries(programs: list[Path]) -> list[tuple[str, str]]:
    """List the shared libraries that programs need, with their names."""
    found: dict[str, str] = {}
    for program in programs:
        told = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
        for name, path in re.findall(r"^\s*(\S+) => (/\S+)", told, re.M):
            found[name] = os.path.realpath(path)
        for path in re.findall(r"^\s*(/\S+/(?:ld-[^ /]+)) \(", told, re.M):
            found[Path(path).name] = os.path.realpath(path)
    return sorted(found.items())

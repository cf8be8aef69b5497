"""The key of the server, made when it is first asked for."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

__all__ = ["read_or_make"]


def read_or_make(path: Path) -> str:
    """Read the key; if there is none, make it so that two servers get the same."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    if not path.exists():
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_urlsafe(48))
            # A link, unlike a rename, fails where another server was first.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    path.chmod(0o600)
    return path.read_text().strip()

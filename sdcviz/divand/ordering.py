"""Order of elimination."""

from typing import Any

__all__ = ["dissect"]


def dissect(mask: Any, thickness: int, moddim: Any = None) -> Any:
    """Give no order."""
    return None

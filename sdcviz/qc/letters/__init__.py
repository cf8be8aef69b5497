"""Letters to data centres about what was wrong in their stations.

`compose` writes them, `write_letters` keeps them as mails, `deliver` sends one
that was approved, and `Cases` tells what became of each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cases import Case, Cases
    from .composing import Earlier, compose
    from .model import Item, Letter
    from .outbox import Written, deliver, letter_file, letters_folder, write_letters

__all__ = [
    "Case",
    "Cases",
    "Earlier",
    "Item",
    "Letter",
    "Written",
    "compose",
    "deliver",
    "letter_file",
    "letters_folder",
    "write_letters",
]

_MODULES = {
    **dict.fromkeys(("Case", "Cases"), "cases"),
    **dict.fromkeys(("Earlier", "compose"), "composing"),
    **dict.fromkeys(("Item", "Letter"), "model"),
    **dict.fromkeys(
        ("Written", "deliver", "letter_file", "letters_folder", "write_letters"), "outbox"
    ),
}


def __getattr__(name: str) -> Any:
    """Import a name when it is first asked for: SQLAlchemy takes a while."""
    from importlib import import_module

    if name not in _MODULES:
        raise AttributeError(name)
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)

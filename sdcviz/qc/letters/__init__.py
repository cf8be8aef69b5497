"""Letters to data centres about what was wrong in their stations.

`compose` writes them, `write_letters` keeps them as mails, `deliver` sends one
that was approved, and `Cases` tells what became of each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...lazy import lazily

if TYPE_CHECKING:
    from .case import Case
    from .cases import Cases
    from .composing import Earlier, compose
    from .model import Item, Letter
    from .outbox import Written, deliver, letter_file, letters_folder, write_letters

# SQLAlchemy, which `cases` needs, takes a while.
__all__, __getattr__, __dir__ = lazily(
    __name__,
    {
        "case": ["Case"],
        "cases": ["Cases"],
        "composing": ["Earlier", "compose"],
        "model": ["Item", "Letter"],
        "outbox": ["Written", "deliver", "letter_file", "letters_folder", "write_letters"],
    },
)

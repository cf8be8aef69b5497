"""The journal: who changed which flag, when and why. Entries are added, never changed.

`journal` is what others use; `store` knows the database, `runs` and `blocks` how
changes are stored, `edits`, `queries` and `conflicts` read them, `news` and
`overlay` lay them over a collection that is open.
"""

from .journal import TOOLS, Journal, check_flag, journal_file

__all__ = ["TOOLS", "Journal", "check_flag", "journal_file"]

"""The journal: who changed which flag, when and why. Entries are added, never changed.

`journal` is what others use, `refusals` what it does not take; `place` and `store`
know the database, `runs` and `blocks` how changes are stored; `edits`, `queries` and
`conflicts` read them, `news` and `overlay` lay them over a collection that is open.
"""

from .journal import Journal
from .place import journal_file
from .refusals import TOOLS, check_flag

__all__ = ["TOOLS", "Journal", "check_flag", "journal_file"]

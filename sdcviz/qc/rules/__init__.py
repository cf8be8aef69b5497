"""Rules: which samples meet a condition that an operator wrote.

`grammar` reads the text, `terms` gives words their meaning (`words` lists
them), `conditions` compares, `pieces` goes through a collection in parts.
"""

from .grammar import RuleError
from .rule import Rule, changes, parse
from .words import FUNCTIONS, WORDS

__all__ = ["FUNCTIONS", "WORDS", "Rule", "RuleError", "changes", "parse"]

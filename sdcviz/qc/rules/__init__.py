"""Rules: which samples meet a condition that an operator wrote.

`tokens` parts the text into words, `grammar` makes a `tree` of them, `terms`
gives words their meaning (`words` lists them), `conditions` compares, `pieces`
goes through a collection in parts.
"""

from .rule import Rule, changes, parse
from .tokens import RuleError
from .words import FUNCTIONS, WORDS

__all__ = ["FUNCTIONS", "WORDS", "Rule", "RuleError", "changes", "parse"]

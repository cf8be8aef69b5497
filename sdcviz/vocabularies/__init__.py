"""Names for codes, spellings of units, and which columns measure the same.

Nothing is read before it is asked for; importing this costs no time.
"""

from .quantities import Quantity, aggregated_codes, quantities, quantity
from .terms import COLLECTIONS, Term, import_terms, label, short_label, standard_unit, unit_label
from .units import canonical as canonical_unit

__all__ = [
    "COLLECTIONS",
    "Quantity",
    "Term",
    "aggregated_codes",
    "canonical_unit",
    "import_terms",
    "label",
    "quantities",
    "quantity",
    "short_label",
    "standard_unit",
    "unit_label",
]

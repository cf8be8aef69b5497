"""DIVAnd: n-dimensional variational analysis of scattered observations.

The package knows nothing of the rest of sdcviz and can be used on plain arrays.

Examples
--------
>>> from sdcviz import divand
>>> mask, pmn, xi = divand.rectangle(range(20), range(20))
>>> result = divand.analyse(mask, pmn, xi, ([4.5], [10]), [1.0], 3, 0.1, error="cpme")
>>> result.field.shape
(20, 20)
"""

from .analysis import Analysis, analyse, cpme
from .background import Background
from .errors import DivandError, DivandWarning, TooLarge
from .grid import rectangle, resolution, stretch
from .kernel import Kernel
from .observations import Observations, fractional_indices
from .system import Constraint, System

__all__ = [
    "Analysis",
    "Background",
    "Constraint",
    "DivandError",
    "DivandWarning",
    "Kernel",
    "Observations",
    "System",
    "TooLarge",
    "analyse",
    "cpme",
    "fractional_indices",
    "rectangle",
    "resolution",
    "stretch",
]

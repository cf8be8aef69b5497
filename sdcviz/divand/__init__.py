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
from .bathymetry import Bathymetry
from .bathymetry_file import read_bathymetry
from .domain import Domain, make_domain
from .errors import DivandError, DivandWarning, TooLarge
from .grid import rectangle, resolution, stretch
from .kernel import Kernel
from .masks import MaskEdit, edit_mask, keep_basin, label_basins
from .observations import Observations, fractional_indices
from .sphere import great_circle, sphere_metric
from .system import Constraint, System

__all__ = [
    "Analysis",
    "Background",
    "Bathymetry",
    "Constraint",
    "DivandError",
    "DivandWarning",
    "Domain",
    "Kernel",
    "MaskEdit",
    "Observations",
    "System",
    "TooLarge",
    "analyse",
    "cpme",
    "edit_mask",
    "fractional_indices",
    "great_circle",
    "keep_basin",
    "label_basins",
    "make_domain",
    "read_bathymetry",
    "rectangle",
    "resolution",
    "sphere_metric",
    "stretch",
]

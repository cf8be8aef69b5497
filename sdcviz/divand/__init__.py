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

from .analysis import Analysis, analyse
from .background import Background
from .bathymetry import Bathymetry
from .bathymetry_file import read_bathymetry
from .covariance import CovarianceFit, fit_length
from .desroziers import ErrorScaling, rescale_errors
from .domain import Domain, make_domain
from .errors import DivandError, DivandWarning, TooLarge
from .folds import left_out, make_folds, mean_gain
from .gain import gain_row
from .grid import rectangle, resolution, stretch
from .groups import GroupResiduals, leave_group_out
from .kernel import Kernel
from .lengths import LevelFits, fit_horizontal, fit_vertical
from .masks import MaskEdit, edit_mask, keep_basin, label_basins
from .observations import Observations, fractional_indices
from .poor_man import CPME_SCALE, cpme
from .quality import (
    Suspects,
    absolute_error,
    background_variance,
    criterion,
    expected_misfit,
    suspects,
)
from .slopes import slope_factor
from .sphere import great_circle, sphere_metric
from .system import Constraint, System
from .validation import Trial, Validation, cross_validate
from .weights import SuperObservations, cluster_weights, superobservations

__all__ = [
    "CPME_SCALE",
    "Analysis",
    "Background",
    "Bathymetry",
    "Constraint",
    "CovarianceFit",
    "DivandError",
    "DivandWarning",
    "Domain",
    "ErrorScaling",
    "GroupResiduals",
    "Kernel",
    "LevelFits",
    "MaskEdit",
    "Observations",
    "SuperObservations",
    "Suspects",
    "System",
    "TooLarge",
    "Trial",
    "Validation",
    "absolute_error",
    "analyse",
    "background_variance",
    "cluster_weights",
    "cpme",
    "criterion",
    "cross_validate",
    "edit_mask",
    "expected_misfit",
    "fit_horizontal",
    "fit_length",
    "fit_vertical",
    "fractional_indices",
    "gain_row",
    "great_circle",
    "keep_basin",
    "label_basins",
    "leave_group_out",
    "left_out",
    "make_domain",
    "make_folds",
    "mean_gain",
    "read_bathymetry",
    "rectangle",
    "rescale_errors",
    "resolution",
    "slope_factor",
    "sphere_metric",
    "stretch",
    "superobservations",
    "suspects",
]

"""Gridded products: open them, extract from them, compare them with observations.

Examples
--------
>>> from sdcviz import open_product
>>> product = open_product("climatology.nc")  # doctest: +SKIP
>>> product.prepare()  # doctest: +SKIP
>>> product.profile(4.5, 42, "July")  # doctest: +SKIP
"""

from .catalogue import catalogue
from .copies import plan
from .difference import Difference, difference
from .expressions import expression
from .layers import Layer
from .opening import open_product
from .preparation import prepare
from .product import Product
from .residuals import read_residuals, residuals_of, write_residuals
from .roles import FieldRoles, Roles

__all__ = [
    "Difference",
    "FieldRoles",
    "Layer",
    "Product",
    "Roles",
    "catalogue",
    "difference",
    "expression",
    "open_product",
    "plan",
    "prepare",
    "read_residuals",
    "residuals_of",
    "write_residuals",
]

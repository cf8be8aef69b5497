"""A dialog of the Products tab."""

from __future__ import annotations

import param

from ...viewing import Viewing
from ..dialog import LazyDialog

__all__ = ["ProductDialog"]


class ProductDialog(LazyDialog):
    """A dialog about the product in view."""

    viewing = param.ClassSelector(class_=Viewing, instantiate=False, doc="What is looked at.")

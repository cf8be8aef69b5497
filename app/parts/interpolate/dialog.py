"""A dialog of the Interpolate tab."""

from __future__ import annotations

import param

from ...draft import Draft
from ..dialog import LazyDialog
from .insight import Insight

__all__ = ["DialogPart"]


class DialogPart(LazyDialog):
    """A dialog about the recipe in the form and its preview."""

    draft = param.ClassSelector(class_=Draft, instantiate=False, doc="The recipe.")
    insight = param.ClassSelector(class_=Insight, instantiate=False, doc="Its preview.")

    width = "lg"

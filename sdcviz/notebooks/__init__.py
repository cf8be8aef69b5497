"""Notebooks: one that is prepared with what a person has open, and the JupyterLab that runs it."""

from .document import make_notebook
from .place import Place, find_place
from .server import NAME, run_jupyter

__all__ = ["NAME", "Place", "find_place", "make_notebook", "run_jupyter"]

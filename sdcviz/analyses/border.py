"""Where the words of the engine become those of sdcviz."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..divand import DivandError
from ..errors import BadRequest

__all__ = ["sentences"]


@contextmanager
def sentences() -> Iterator[None]:
    """Turn an error of the engine, which stands on its own, into one for users."""
    try:
        yield
    except DivandError as error:
        raise BadRequest(str(error)) from error

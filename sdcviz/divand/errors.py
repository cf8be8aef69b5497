"""What the engine says of input that it can't use."""

from __future__ import annotations

__all__ = ["DivandError", "DivandWarning", "TooLarge"]


class DivandError(ValueError):
    """Input that can't be analysed: one sentence with what is wrong and what to do."""


class TooLarge(DivandError):
    """A problem that does not fit into the memory there is."""


class DivandWarning(UserWarning):
    """Input that can be analysed, but hardly as meant."""

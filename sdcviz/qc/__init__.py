"""Quality control: checks, the journal of flags, letters to data centres."""

from .model import DEPTH, PLACES, POSITION, TIME, Edits, Findings

__all__ = ["DEPTH", "PLACES", "POSITION", "TIME", "Edits", "Findings"]

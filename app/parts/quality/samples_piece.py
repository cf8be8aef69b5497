"""The line over the table of samples, the card beside it, and the edits of what is picked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import param
from numpy.typing import NDArray

from sdcviz.qc.model import POSITION, TIME, Edits

from ..form import Piece

__all__ = ["SamplesPiece", "edits_of"]


class SamplesPiece(Piece):
    """The line over the table, or the card beside it; see ``samples.js``."""

    kind = param.String(doc="bar or card.")
    state = param.Dict(default={}, doc="What is shown.")
    dark = param.Boolean(default=False, doc="Dark theme.")

    _esm = Path(__file__).with_name("samples.js")
    _style = Path(__file__).with_name("samples.css").read_text(encoding="utf-8")


def edits_of(data: Any, key: str, station: NDArray, sample: NDArray, code: str) -> Edits:
    """Make the edits that give samples a flag; of time and position, of their stations.

    Samples that have the flag already, or no value, are left out.

    Parameters
    ----------
    data : Collection
    key : str
        Parameter, or a key of `sdcviz.qc.model.PLACES`.
    station, sample : ndarray of int64
        Rows of stations, and numbers of samples in them.
    code : str
        The new L20 code.
    """
    if key in (POSITION, TIME) and not data.flag_places(key, station, sample).any():
        station = np.unique(station)
        sample = np.full(len(station), -1)
    old = data.flag_at(key, station, sample)
    kept = data.flag_places(key, station, sample) & (old != ord(code)) & (old != ord("9"))
    return Edits.of(key, station[kept], sample[kept], old[kept], code)

"""Whose values may leave in a letter.

A station is restricted if

- its data centre or its LOCAL_CDI_ID is listed in the settings
  (`restricted_data_centres`, `restricted_cdi_ids`), or
- a station text about access or licence (its name says so: "Access restriction",
  "Data access", "Licence", ...) states anything that is not known to be open:
  the codes of L08 in the setting `open_access` with their names, "public",
  "open", Creative Commons' CC0 and CC BY, or
- such a text is blank for the station while others of its file state something.

A file that says nothing about access restricts nothing. In doubt values stay here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sdcviz.observations import Collection
    from sdcviz.settings import Settings

__all__ = ["restricted"]

_ABOUT_ACCESS = re.compile(
    r"restrict|licen[cs]e|data.?policy|embargo|moratorium|use.?limitation|"
    r"(data.?)?access.?(right|constraint|condition|level|polic)|data.?access|^access$",
    re.IGNORECASE,
)
"""Names of station texts that tell who may have the data.

"Access/ordering of data" is not among them: it tells the way and not the right.
"""
_OPEN = re.compile(
    r"public( domain)?|open( access| data)?|free|unrestricted|no restrictions?|"
    r"no limitations?|cc[ -]?0([ -]1\.0)?( universal)?|"
    r"cc[ -]by([ -]\d\.\d)?( (international|unported|generic))?",
    re.IGNORECASE,
)


def restricted(c: Collection, settings: Settings) -> NDArray[np.bool_]:
    """Tell for each station whether its values have to stay here.

    Parameters
    ----------
    c : Collection
    settings : Settings
        `restricted_data_centres`, `restricted_cdi_ids` and `open_access`.

    Returns
    -------
    ndarray of bool, shape (n_stations,)
    """
    kept = np.isin(c.edmo, settings.restricted_data_centres)
    listed = set(settings.restricted_cdi_ids)
    if listed:
        kept |= _states(c, "local_cdi_id", lambda text: text in listed)
    open_words = _open_words(settings.open_access)
    for name in c.text_names:
        if not _ABOUT_ACCESS.search(name.replace("_", " ")):
            continue
        kept |= _states(c, name, lambda text: not is_open(text, open_words))
        codes = c.text(name).codes
        telling = np.unique(c.source[codes >= 0])
        kept |= (codes < 0) & np.isin(c.source, telling)
    return kept


def is_open(text: str, open_words: set[str]) -> bool:
    """Tell whether what a file states about access lets everybody have the values."""
    plain = " ".join(text.split()).casefold()
    return plain.rpartition("::")[2] in open_words or bool(_OPEN.fullmatch(plain))


def _open_words(codes: tuple[str, ...]) -> set[str]:
    from sdcviz.vocabularies import label, short_label

    words = {w for code in codes for w in (code, label("L08", code), short_label("L08", code))}
    return {word.casefold() for word in words}


def _states(c: Collection, name: str, says: object) -> NDArray[np.bool_]:
    """Tell for each station whether its text fulfils a condition."""
    assert callable(says)
    coded = c.text(name)
    # A blank has the code -1 and takes the last element.
    answers = np.array([*(says(text) for text in coded.labels), False], bool)
    return answers[coded.codes]

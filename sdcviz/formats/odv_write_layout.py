"""Which columns an ODV spreadsheet needs for all batches that go into it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from .model import MISSING, NOT_CHECKED, Batch, Coded, Parameter, Stations

__all__ = ["CORE", "SHARED", "Layout", "common", "extras"]

CORE = (
    "Cruise",
    "Station",
    "Type",
    "YYYY-MM-DDThh:mm:ss.sss",
    "Longitude [degrees_east]",
    "Latitude [degrees_north]",
    "LOCAL_CDI_ID",
    "EDMO_code",
    "Bot. Depth [m]",
)
SHARED = ("CSR link", "Platform")
"""What stands in the header where all stations have the same."""
_CDI_PAGE = "https://cdi.seadatanet.org/report/edmo/{}/{}/xml"


@dataclass
class Layout:
    """The columns of the file, as the batches bring them."""

    extra: list[str] = field(default_factory=list)
    values: list[tuple[Parameter, int]] = field(default_factory=list)
    cdi: dict[tuple[int, str], str] = field(default_factory=dict)
    shared: dict[str, set[str | None]] = field(default_factory=lambda: {k: set() for k in SHARED})
    features: set[int] = field(default_factory=set)
    has_time: bool = False
    above: tuple[tuple[str, ...], bool] | None = None
    repeated: int = 0

    def take_in(self, batch: Batch) -> list[int]:
        """Add what a batch has; give the places of its columns among `values`."""
        stations = batch.stations
        for label in extras(stations):
            if label not in self.extra:
                self.extra.append(label)
        places, count = [], dict[Parameter, int]()
        for column in batch.columns:
            # The same parameter twice in a file stays twice.
            key = (column.parameter, count.get(column.parameter, 0))
            count[column.parameter] = key[1] + 1
            if key not in self.values:
                self.values.append(key)
            places.append(self.values.index(key))
        self.has_time |= batch.time is not None
        self.features |= set(np.unique(stations.feature).tolist())
        links = stations.extra.get("CDI link")
        texts = links.texts() if links else [""] * len(stations)
        ids = stations.local_cdi_id.texts()
        for edmo, cdi, link in zip(stations.edmo.tolist(), ids, texts, strict=True):
            if cdi and (edmo or link):
                self.cdi.setdefault((edmo, cdi), link or _CDI_PAGE.format(edmo, cdi))
        for label, found in self.shared.items():
            found.add(common(stations, label))
        return places

    def settle(self) -> None:
        """Give a column to what not all stations share."""
        for label, found in self.shared.items():
            if len(found) > 1 and label not in self.extra:
                self.extra.append(label)
        if "Platform" in self.extra:  # the first of several such columns is the platform
            self.extra.remove("Platform")
            self.extra.insert(0, "Platform")

    def header_value(self, label: str) -> str:
        """Give what all stations share; it stands in the header."""
        found = self.shared[label]
        return next(iter(found)) or "" if len(found) == 1 else ""


def _shared(stations: Stations, label: str) -> Coded | None:
    if label == "Platform":
        return stations.platform
    return stations.extra.get(label)


def common(stations: Stations, label: str) -> str | None:
    """Give the text that all stations share and a header can hold, else None."""
    texts = _shared(stations, label)
    codes = set(texts.codes.tolist()) if texts else set()
    if len(codes) > 1:
        return None
    code = codes.pop() if codes else -1
    text = texts.labels[code] if texts and code >= 0 else ""
    return text if label != "Platform" or re.fullmatch(r"\w{4}|", text, re.ASCII) else None


def extras(stations: Stations) -> list[str]:
    """Give the labels of the further station columns."""
    elsewhere = {"CDI link", "History", *SHARED}
    labels = [k for k in stations.extra if k not in elsewhere]
    labels = [k for k in reversed(SHARED) if common(stations, k) is None] + labels
    # NaN says unknown by itself: only flags that tell more are written.
    if (~np.isin(stations.position_flag, (NOT_CHECKED, MISSING))).any():
        labels.append("POSITION_SEADATANET_QC")
    if (~np.isin(stations.time_flag, (NOT_CHECKED, MISSING))).any():
        labels.append("TIME_SEADATANET_QC")
    return labels

"""Names and attributes of our CF NetCDF layout, shared by writer and reader."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from .flags import LABELS
from .model import L20

__all__ = [
    "CONVENTIONS",
    "FLAG_ATTRIBUTES",
    "LAYOUT",
    "LAYOUT_VERSION",
    "QC",
    "ROLE_NAMES",
    "SAMPLE",
    "SOURCE_QC",
    "STATION",
    "TEXT_ROLES",
    "UDUNITS",
    "variable_name",
]

CONVENTIONS = "CF-1.8 ACDD-1.3"
LAYOUT, LAYOUT_VERSION = "sdcviz_layout", 1
STATION, SAMPLE = "station", "sample"
QC, SOURCE_QC = "_SEADATANET_QC", "_SOURCE_QC"

TEXT_ROLES: dict[str, tuple[str, str]] = {
    "cruise": ("SDN_CRUISE", "Cruise"),
    "station": ("SDN_STATION", "Station"),
    "type": ("STATION_TYPE", "Station type (B bottle, C CTD, X XBT, * unknown)"),
    "platform": ("PLATFORM", "Platform"),
    "local_cdi_id": ("SDN_LOCAL_CDI_ID", "SeaDataNet CDI identifier"),
}
"""Text of a station to variable name and `long_name`."""

ROLE_NAMES = {
    "cruise": {"sdn_cruise", "cruise", "cruise_id", "cruise_name", "expocode", "expedition"},
    "station": {"sdn_station", "station", "station_id", "station_name", "cast", "cast_number"},
    "platform": {"platform", "platform_code", "platform_number", "platform_name", "ship", "vessel"},
    "type": {"station_type"},
    "local_cdi_id": {"sdn_local_cdi_id", "local_cdi_id"},
}
"""Names that variables of foreign files have, in lower case, by what they tell of a station."""

UDUNITS = {
    "DEGE": "degrees_east",
    "DEGN": "degrees_north",
    "KGUM": "umol kg-1",
    "UECA": "S m-1",
    "ULAA": "m",
    "UPAA": "degree_Celsius",
    "UPDB": "dbar",
    "UPOX": "umol L-1",
    "UPPT": "1e-3",
    "UUUU": "1",
    "UVAA": "m s-1",
    "UMMC": "mg m-3",
    "UGPL": "g L-1",
    "UPCT": "%",
}
"""P06 code to a unit that UDUNITS reads; others are written as the file has them."""

FLAG_ATTRIBUTES: dict[str, Any] = {
    "standard_name": "status_flag",
    "Conventions": "SeaDataNet measurand qualifier flags",
    "sdn_conventions_urn": "SDN:L20::",
    "flag_values": np.array([ord(c) for c in L20], np.int8),
    "flag_meanings": " ".join(LABELS[c].replace(" ", "_") for c in L20),
}


def variable_name(label: str, taken: set[str]) -> str:
    """Make a NetCDF name of letters, digits and underscores that is not taken yet.

    Parameters
    ----------
    label : str
        Any text.
    taken : set of str
        Names in use, in lower case; the new one is added.
    """
    name = re.sub(r"\W+", "_", label, flags=re.ASCII).strip("_") or "variable"
    name = name if name[0].isalpha() else f"v_{name}"
    found, n = name, 2
    while found.lower() in taken:
        found, n = f"{name}_{n}", n + 1
    taken.add(found.lower())
    return found

"""A small ODV collection with everything that could harm a letter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sdcviz.observations import Collection, import_files, open_collection
from sdcviz.qc import Edits
from sdcviz.settings import Settings, load_settings

SCRIPT = "<script>alert(1)</script>"
FORMULA = "=cmd|' /C calc'!A0"
MATH = "$\\frac{1"

STATIONS = [
    # cruise, station, CDI, EDMO, access
    (SCRIPT, FORMULA, "OPEN_1", "486", "unrestricted"),
    ("@SUM(A1)", MATH, "OPEN_2", "486", "SDN:L08::UN"),
    ("Quiet", "R1", "CLOSED_1", "486", "moratorium"),
    ("Quiet", "R2", "CLOSED_2", "486", ""),
    ("Other", "N1", "NORTH_1", "545", "unrestricted"),
    ("Other", "U1", "NOBODY_1", "", "unrestricted"),
]
_HEAD = """//<Encoding>UTF-8</Encoding>
//SDN_parameter_mapping
//<subject>SDN:LOCAL:Depth</subject><object>SDN:P01::ADEPZZ01</object><units>SDN:P06::ULAA</units>
//<subject>SDN:LOCAL:Temperature</subject><object>SDN:P01::TEMPPR01</object><units>SDN:P06::UPAA</units>
//
"""
_LABELS = (
    "Cruise\tStation\tType\tYYYY-MM-DDThh:mm:ss.sss\tLongitude [degrees_east]\t"
    "Latitude [degrees_north]\tLOCAL_CDI_ID\tEDMO_code\tBot. Depth [m]\t"
    "Access restriction:METAVAR:INDEXED_TEXT\tDepth [m]\tQV:SEADATANET\t"
    "Temperature [degC]\tQV:SEADATANET"
)
LEVELS = 5


def value(station: int, level: int) -> str:
    """Give a value that no other sample has: to be looked for in a letter."""
    return f"{10 + station}.{3571 + 11 * level}"


def depth(station: int, level: int) -> str:
    return f"{10 * level + 5}.{25 * (station + 1)}"


def make_collection(folder: Path, access: bool = True) -> Collection:
    """Import the stations; without a column about access if so wanted."""
    lines = [_HEAD + (_LABELS if access else _LABELS.replace("Access restriction", "Gear"))]
    for i, (cruise, name, cdi, edmo, free) in enumerate(STATIONS):
        for level in range(LEVELS):
            about = (cruise, name, "C", f"2020-05-0{i + 1}T12:00:00", f"{3 + i}.5", "40")
            start = "\t".join((*about, cdi, edmo, "900", free)) if level == 0 else "\t" * 9
            sample = f"{depth(i, level)}\t1\t{value(i, level)}\t1"
            lines.append(f"{start}\t{sample}")
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / "profiles.txt"
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    import_files([source], folder / "c", name=f"Sea {SCRIPT}")
    return open_collection(folder / "c")


def row_of(c: Collection, cdi: str) -> int:
    (row,) = c.find_station(cdi)
    return int(row)


def flag(c: Collection, cdi: str, samples: Any, new: str, reason: str, user: str = "Ann") -> None:
    """Flag temperatures of a station by hand."""
    row = row_of(c, cdi)
    numbers = np.atleast_1d(samples)
    old = c.flags("temperature")[c.offsets[row] + numbers]
    edits = Edits.of("temperature", row, numbers, old, new)
    c.journal.write(c, edits, user=user, reason=reason)


def settings(folder: Path, **given: Any) -> Settings:
    given = {"mail_from": "Regional desk <qc@desk.example>", **given}
    return load_settings(data_dir=folder, **given)

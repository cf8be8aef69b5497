"""What is told about a collection or a station in words."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from sdcviz.formats.model import FEATURES
from sdcviz.observations.build import STATION_TEXTS
from sdcviz.words import number

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection

__all__ = ["collection_html", "collection_info", "station_card"]

CDI_LINK = "https://cdi.seadatanet.org/report/edmo/{edmo}/{local_cdi_id}"


def collection_info(c: Collection) -> dict[str, Any]:
    """Summarise a collection; the keys are those of ``sdcviz info --json``."""
    centres, stations = np.unique(c.edmo, return_counts=True)
    return {
        "id": c.id,
        "name": c.name,
        "path": str(c.path),
        "snapshot": c.snapshot,
        "stations": c.n_stations,
        "samples": c.n_samples,
        "time": c.manifest["time"],
        "lon": c.manifest["lon"],
        "lat": c.manifest["lat"],
        "depth": c.manifest["depth"],
        "data_centres": {
            str(code): int(n) for code, n in zip(centres, stations, strict=True) if code
        },
        "files": [
            {k: s.get(k) for k in ("name", "format", "sha256", "stations", "samples", "rows")}
            | {"left_out": s.get("left_out", {})}
            for s in c.manifest["sources"]
        ],
        "warnings": [
            {
                "file": o.file,
                "where": o.where,
                "what": o.what,
                "consequence": o.consequence,
                "count": o.count,
            }
            for o in c.oddities()
        ],
        "parameters": [
            {
                "key": p.key,
                "name": p.name,
                "label": p.label,
                "p01": p.p01,
                "p06": p.p06,
                "unit": p.unit,
                "values": p.n_values,
                "stations": p.n_stations,
                "range": list(p.range),
                "flags": p.flags,
            }
            for p in c.parameters
        ],
    }


def station_card(c: Collection, i: int) -> dict[str, Any]:
    """Tell everything about station `i`, names beside codes."""
    source = c.manifest["sources"][c.source[i]]
    texts = {name: _text(c, name, i) for name in c.text_names}
    edmo = int(c.edmo[i])
    a, b = int(c.offsets[i]), int(c.offsets[i + 1])
    time = c.time[i]
    kinds = {p["key"]: p for p in source["parameters"]}
    cdi = texts["local_cdi_id"]
    return {
        "row": i,
        "id": c.station_id(i),
        **{name: texts[name] for name in STATION_TEXTS},
        "extra": {k: v for k, v in texts.items() if v and k not in STATION_TEXTS},
        "time": None if np.isnat(time) else str(time),
        "time_flag": _flag(c.time_flag[i]),
        "longitude": _number(c.lon[i]),
        "latitude": _number(c.lat[i]),
        "position_flag": _flag(c.position_flag[i]),
        "bottom_depth": _number(c.bottom_depth[i]),
        "depth": [_number(c.depth_min[i]), _number(c.depth_max[i])],
        "samples": b - a,
        "feature": FEATURES[c.feature[i]],
        "data_centre": {"code": edmo, "name": _label("EDMO", str(edmo)) if edmo else ""},
        "source": {k: source.get(k) for k in ("name", "format", "sha256")},
        "index": int(c.station_index[i]),
        "parameters": [
            {
                "key": p.key,
                "label": p.label,
                "unit": p.unit,
                "p01": kinds[p.key]["p01"],
                "p01_label": _label("P01", kinds[p.key]["p01"]),
                "name_in_file": kinds[p.key]["name"],
                "unit_in_file": kinds[p.key]["unit"],
                "scale": kinds[p.key]["scale"],
            }
            for p in c.parameters
            if p.key in kinds
        ],
        "raw_text": [{"sample": s - a, "key": k, "text": t} for s, k, t in c.raw_text(a, b)],
        "oddities": [f"{o.where}: {o.what} ({o.consequence})" for o in c.oddities(source["name"])],
        "links": (
            {"CDI record": CDI_LINK.format(edmo=edmo, local_cdi_id=cdi)} if edmo and cdi else {}
        ),
    }


def collection_html(c: Collection) -> str:
    """Make the short summary that a notebook shows."""
    info = [
        ("stations", number(c.n_stations)),
        ("samples", number(c.n_samples)),
        ("time", " to ".join(t[:10] for t in c.manifest["time"])),
        ("longitude", _span(c.manifest["lon"])),
        ("latitude", _span(c.manifest["lat"])),
        ("files", number(len(c.manifest["sources"]))),
        ("parameters", ", ".join(f"{p.label} [{p.unit}]" for p in c.parameters[:8])),
    ]
    rows = "".join(
        f"<tr><th style='text-align:left'>{escape(k)}</th><td>{escape(v)}</td></tr>"
        for k, v in info
    )
    return f"<b>{escape(c.name)}</b><table>{rows}</table>"


def _span(bounds: list[float]) -> str:
    return " to ".join(f"{v:.2f}" for v in bounds)


def _text(c: Collection, name: str, i: int) -> str:
    coded = c.text(name)
    code = int(coded.codes[i])
    return "" if code < 0 else coded.labels[code]


def _number(x: Any) -> float | None:
    return float(x) if np.isfinite(x) else None


def _flag(code: Any) -> dict[str, str]:
    letter = chr(int(code))
    return {"code": letter, "name": _label("L20", letter)}


def _label(vocabulary: str, code: str) -> str:
    """Return the name of a code; the code itself where it is unknown."""
    from sdcviz.vocabularies import label

    return label(vocabulary, code) if code else ""

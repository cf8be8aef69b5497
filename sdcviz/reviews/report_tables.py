"""The tables of a report."""

from __future__ import annotations

from html import escape
from typing import Any

from ..words import number

__all__ = [
    "cruises_block",
    "figure",
    "physical_block",
    "scores_block",
    "table",
    "worst_block",
]

_CRUISES = 20


def figure(svg: str | None) -> str:
    """Wrap a figure; nothing where there is none."""
    return f"<figure>{svg}</figure>" if svg else ""


def table(heads: list[str], rows: list[list[str]], texts: int) -> str:
    """Make a table of cells that are HTML already; the first `texts` columns are words."""
    if not rows:
        return ""
    kinds = ["" if k < texts else ' class="n"' for k in range(len(heads))]
    head = "".join(f"<th{kind}>{escape(h)}</th>" for h, kind in zip(heads, kinds, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{k}>{c}</td>" for c, k in zip(row, kinds, strict=True)) + "</tr>"
        for row in rows
    )
    whole = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    return f'<div class="wide"><table>{whole}</table></div>'


def value(x: float | None, sign: bool = False, digits: int = 2) -> str:
    """Write a number, or a dash where it is missing."""
    if x is None:
        return "–"
    text = f"{x:+.{digits}g}" if sign else f"{x:.{digits}g}"
    if "e" in text:
        text = f"{x:+.1e}" if sign else f"{x:.1e}"
    return text.replace("-", "−")


def _share(x: float | None) -> str:
    return "–" if x is None else f"{100 * x:.0f} %"


def _range(low: float | None, high: float | None, sign: bool = False) -> str:
    return "" if low is None or high is None else f"{value(low, sign)} … {value(high, sign)}"


def scores_block(document: dict[str, Any], drawn: dict[str, str]) -> str:
    """Scores by layer, month, area and decade, and the diagrams."""
    skill = document["skill"]
    kinds = (
        ("layer", "Depth layer", skill["layers"]), ("month", "Month", skill["months"]),
        ("area", "Area", [a["title"] for a in skill["areas"]]),
        ("decade", "Years", skill["decades"]),
    )  # fmt: skip
    names = [k for k, _, _ in kinds]
    out = [
        f'<div class="row">{figure(drawn.get("bias"))}{figure(drawn.get("rmse"))}</div>'
        f'<div class="row">{figure(drawn.get("taylor"))}{figure(drawn.get("target"))}</div>'
    ]
    for kind, head, labels in kinds:
        if len(labels) < 2 and kind != "layer":
            continue
        others = [n for n in names if n != kind]
        own = [r for r in skill["rows"] if all(r[n] is None for n in others)]
        own.sort(key=lambda r: -1 if r[kind] is None else r[kind])
        rows = [_scores("All" if r[kind] is None else labels[r[kind]], r) for r in own]
        heads = [
            head, "Samples", "Bias", "95 %", "MAE", "RMSE", "95 %", "Unbiased", "Correlation",
            "SD ratio", "Within 1", "Within 2",
        ]  # fmt: skip
        out.append(
            f"<h3>By {head.lower()} ({escape(document['unit'])})</h3>{table(heads, rows, 1)}"
        )
    return "".join(out)


def _scores(label: str, r: dict[str, Any]) -> list[str]:
    return [
        escape(label), number(r["n"]), value(r["bias"], True),
        _range(r["bias_low"], r["bias_high"], True), value(r["mae"]), value(r["rmse"]),
        _range(r["rmse_low"], r["rmse_high"]), value(r["urmse"]), value(r["correlation"], False, 3),
        value(r["sd_ratio"], False, 3), _share(r["within1"]), _share(r["within2"]),
    ]  # fmt: skip


def cruises_block(document: dict[str, Any]) -> str:
    """Cruises and data centres that fit least."""
    heads = ["", "Stations", "Samples", "Bias", "95 %", "RMSE", "Score"]

    def row(name: str, c: dict[str, Any]) -> list[str]:
        return [
            escape(name), number(c["stations"]), number(c["n"]), value(c["bias"], True),
            _range(c["bias_low"], c["bias_high"], True), value(c["rmse"]), value(c["score"]),
        ]  # fmt: skip

    cruises = [row(c["cruise"], c) for c in document["cruises"][:_CRUISES]]
    centres = [
        row(f"{c['centre']}" + (f" (EDMO {c['edmo']})" if c["edmo"] > 0 else ""), c)
        for c in document["centres"][:_CRUISES]
    ]
    out = '<p class="soft">The score is the mean misfit of the stations over its standard error; '
    out += "cruises above 6 rarely come by chance.</p>"
    if cruises:
        out += f"<h3>Cruises that fit least ({escape(document['unit'])})</h3>"
        out += table(["Cruise", *heads[1:]], cruises, 1)
    if centres:
        out += "<h3>Data centres</h3>" + table(["Data centre", *heads[1:]], centres, 1)
    return out


def physical_block(document: dict[str, Any]) -> str:
    """Show what each check of the field found."""
    rows = [
        [
            escape(c["title"]), escape(c["sentence"]),
            f'<span class="tag {c["severity"]}">'
            f"{'nothing found' if c['severity'] == 'none' else c['severity']}</span>"
            if not c["sentence"].startswith("Not looked at")
            else '<span class="soft">not looked at</span>',
        ]
        for c in document["physical"]
    ]  # fmt: skip
    return table(["Check", "What was found", ""], rows, 3)


def worst_block(document: dict[str, Any]) -> str:
    """List the casts that fit least."""
    unit = escape(document["unit"])
    rows = [
        [
            escape(" ".join(x for x in (w["cruise"], w.get("station", "")) if x) or w["id"]),
            escape(str(w["time"] or "")[:10]), f"{w['lat']:.2f}", f"{w['lon']:.2f}",
            escape(w["centre"]), number(w["n"]), value(w["rms"], False, 3),
            value(w["largest"], True, 3), f"{w['depth']:.0f}",
        ]
        for w in document["worst"]
    ]  # fmt: skip
    heads = [
        "Cast", "Date", "Latitude", "Longitude", "Data centre", "Samples", "Misfit (× expected)",
        f"Largest ({unit})", "at (m)",
    ]  # fmt: skip
    return table(heads, rows, 5)

"""The tables of a report."""

from __future__ import annotations

import math
from html import escape
from typing import Any

from ..words import number

__all__ = [
    "Drawn",
    "cruises_block",
    "physical_block",
    "scores_block",
    "table",
    "worst_block",
]

_CRUISES = 20
_CAPTIONS = {
    "counts": "Number of samples compared, by depth layer and month (k: thousands).",
    "years": "Number of samples compared, by year.",
    "map": "Median of the residuals ({unit}) in cells of the map, all depths and times. Blue: the "
    "product is higher than the observations; red: lower.",
    "histogram": "Number of residuals; the line is a normal distribution of their median and "
    "usual spread (1.4826 times the median absolute deviation).",
    "depth": "Residuals against depth: mean (line) and 10th to 90th percentile (band).",
    "time": "Residuals against the year: mean and 10th to 90th percentile.",
    "value": "Residuals against the observed value: mean and 10th to 90th percentile.",
    "bias": "Bias ({unit}) by depth layer and month. Blue: the product is higher than the "
    "observations; red: lower.",
    "rmse": "Root mean square of the residuals ({unit}) by depth layer and month.",
    "taylor": "Taylor diagram (Taylor 2001). Distance from the origin: standard deviation of the "
    "product over that of the observations; angle: correlation; green circles: unbiased RMSE "
    "over the standard deviation of the observations.",
    "target": "Target diagram (Jolliff et al. 2009), in standard deviations of the observations. "
    "Distance from the centre: RMSE; to the left the product varies less than the observations.",
    "reference": "Root mean square of product minus reference ({unit}), by depth layer and step.",
    "previous": "Root mean square of product minus previous version ({unit}), by depth layer and "
    "step.",
}


class Drawn:
    """The figures of a report: each gets its number and caption as it is placed.

    Parameters
    ----------
    drawn : dict of str to str
        SVG by name.
    unit : str
    """

    def __init__(self, drawn: dict[str, str], unit: str) -> None:
        self.drawn, self.unit, self.n = drawn, unit or "no unit", 0

    def __call__(self, name: str) -> str:
        """Return a figure; nothing where there is none."""
        svg = self.drawn.get(name)
        if not svg:
            return ""
        self.n += 1
        words = escape(_CAPTIONS[name].format(unit=self.unit))
        return f"<figure>{svg}<figcaption><b>Figure {self.n}.</b> {words}</figcaption></figure>"

    def row(self, *names: str) -> str:
        """Return figures side by side."""
        return f'<div class="row">{"".join(map(self, names))}</div>'


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


def decimals_of(document: dict[str, Any]) -> int:
    """Return the decimals with which all scores of a report are written."""
    whole = next(r["rmse"] for r in document["skill"]["rows"] if _is_all(r))
    return max(0, min(6, 3 - math.ceil(math.log10(max(whole or 0, 1e-9)))))


def _is_all(row: dict[str, Any]) -> bool:
    return all(row[k] is None for k in ("layer", "month", "area", "decade"))


def value(x: float | None, decimals: int, sign: bool = False) -> str:
    """Write a number, or a dash where it is missing; none that is zero has a sign."""
    if x is None:
        return "–"
    rounded = round(x, decimals) + 0.0
    text = f"{rounded:+.{decimals}f}" if sign and rounded else f"{rounded:.{decimals}f}"
    return text.replace("-", "−")


def _share(x: float | None) -> str:
    return "–" if x is None else f"{100 * x:.0f} %"


def _range(low: float | None, high: float | None, decimals: int, sign: bool = False) -> str:
    if low is None or high is None:
        return "–"
    return f"{value(low, decimals, sign)} to {value(high, decimals, sign)}"


def scores_block(document: dict[str, Any], drawn: Drawn) -> str:
    """Scores by layer, month, area and decade, and the diagrams."""
    skill = document["skill"]
    kinds = (
        ("layer", "Depth layer", skill["layers"]), ("month", "Month", skill["months"]),
        ("area", "Area", [a["title"] for a in skill["areas"]]),
        ("decade", "Years", skill["decades"]),
    )  # fmt: skip
    names = [k for k, _, _ in kinds]
    decimals = decimals_of(document)
    out = [drawn.row("bias", "rmse"), drawn.row("taylor", "target")]
    for kind, head, labels in kinds:
        if len(labels) < 2 and kind != "layer":
            continue
        others = [n for n in names if n != kind]
        own = [r for r in skill["rows"] if all(r[n] is None for n in others)]
        own.sort(key=lambda r: -1 if r[kind] is None else r[kind])
        rows = [_scores("All" if r[kind] is None else labels[r[kind]], r, decimals) for r in own]
        heads = [
            head, "Samples", "Bias", "95 %", "MAE", "RMSE", "95 %", "Unb. RMSE", "r",
            "SD ratio", "Within 1 ×", "2 ×",
        ]  # fmt: skip
        out.append(
            f"<h3>By {head.lower()} ({escape(document['unit'])})</h3>{table(heads, rows, 1)}"
        )
    return "".join(out)


def _scores(label: str, r: dict[str, Any], d: int) -> list[str]:
    return [
        escape(label), number(r["n"]), value(r["bias"], d, True),
        _range(r["bias_low"], r["bias_high"], d, True), value(r["mae"], d), value(r["rmse"], d),
        _range(r["rmse_low"], r["rmse_high"], d), value(r["urmse"], d),
        value(r["correlation"], 3), value(r["sd_ratio"], 2), _share(r["within1"]),
        _share(r["within2"]),
    ]  # fmt: skip


def cruises_block(document: dict[str, Any]) -> str:
    """Cruises and data centres that fit least."""
    d = decimals_of(document)
    heads = ["", "Stations", "Samples", "Bias", "95 %", "RMSE", "Score"]

    def row(name: str, c: dict[str, Any]) -> list[str]:
        return [
            escape(name), number(c["stations"]), number(c["n"]), value(c["bias"], d, True),
            _range(c["bias_low"], c["bias_high"], d, True), value(c["rmse"], d),
            value(c["score"], 1),
        ]  # fmt: skip

    cruises = [row(c["cruise"], c) for c in document["cruises"][:_CRUISES]]
    centres = [
        row(f"{c['centre']}" + (f" (EDMO {c['edmo']})" if c["edmo"] > 0 else ""), c)
        for c in document["centres"][:_CRUISES]
    ]
    out = '<p class="soft">The score is the mean misfit of the stations over its standard error, '
    out += "of cruises without what is off in the product around them and beside other cruises "
    out += "there; above 6 it rarely comes by chance.</p>"
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
    unit, d = escape(document["unit"]), max(decimals_of(document) - 1, 0)
    rows = [
        [
            escape(" ".join(x for x in (w["cruise"], w.get("station", "")) if x) or w["id"]),
            escape(str(w["time"] or "")[:10]), f"{w['lat']:.2f}", f"{w['lon']:.2f}",
            escape(w["centre"]), number(w["n"]), value(w["rms"], 1),
            value(w["largest"], d, True), f"{w['depth']:.0f}",
        ]
        for w in document["worst"]
    ]  # fmt: skip
    heads = [
        "Cast", "Date", "Latitude", "Longitude", "Data centre", "Samples", "Misfit (× expected)",
        f"Largest ({unit})", "at (m)",
    ]  # fmt: skip
    return table(heads, rows, 5)

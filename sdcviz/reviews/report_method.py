"""What a report says on how its numbers were made, and on whom it rests."""

from __future__ import annotations

from html import escape
from typing import Any

__all__ = ["method"]

_SCORES = (
    ("Residual", "r = observation − product"),
    ("Bias", "mean of r; below zero the product is too high"),
    ("MAE, RMSE", "mean of |r|; square root of the mean of r²"),
    ("Unbiased RMSE", "√(RMSE² − bias²)"),
    ("r (in tables)", "correlation of observations and product"),
    ("SD ratio", "standard deviation of the product over that of the observations"),
    ("Within 1 ×, 2 ×", "share of |r| within one and two expected misfits; 68 and 95 % where the "
     "errors of the product are right and normal"),
)  # fmt: skip
_REFERENCES = (
    "Desroziers, G., L. Berre, B. Chapnik and P. Poli (2005): Diagnosis of observation, "
    "background and analysis-error statistics in observation space. Q. J. R. Meteorol. Soc. 131, "
    "3385–3396, doi:10.1256/qj.05.108",
    "Jolliff, J. K., et al. (2009): Summary diagrams for coupled hydrodynamic-ecosystem model "
    "skill assessment. J. Mar. Syst. 76, 64–82, doi:10.1016/j.jmarsys.2008.05.014",
    "Taylor, K. E. (2001): Summarizing multiple aspects of model performance in a single diagram. "
    "J. Geophys. Res. 106(D7), 7183–7192, doi:10.1029/2000JD900719",
)
_DENSITY = (
    "IOC, SCOR and IAPSO (2010): The international thermodynamic equation of seawater – 2010. "
    "Manuals and Guides 56, UNESCO"
)


def method(document: dict[str, Any]) -> str:
    """Return the last part of a report as HTML."""
    scores = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in _SCORES)
    density = any(c["check"] in ("inversion", "freezing") and c["of"] for c in document["physical"])
    listed = sorted([*_REFERENCES, _DENSITY] if density else _REFERENCES)
    references = "".join(f"<li>{escape(r)}</li>" for r in listed)
    return (
        "<h2>How it was done</h2>\n<p>The product is interpolated bilinearly over the sea points "
        "around an observation, linearly between levels, in the step that holds its time. Bounds "
        "of bias and RMSE (95 %) hold 95 % of 200 draws of whole cruises with replacement; fewer "
        f"than five cruises give none.</p>\n<dl>{scores}</dl>\n<p>{escape(document['expected'])}"
        f'</p>\n<h3>References</h3>\n<ul class="references">{references}</ul>\n'
        f"<footer>Made by {escape(document['software'])}. This file needs no network and no "
        "script.</footer>"
    )

"""The fields of the form as a table: section, label, kind, unit and help of each."""

from __future__ import annotations

from typing import Any

__all__ = ["SECTIONS"]


def _field(
    name: str, label: str, kind: str = "text", help: str = "", **more: Any
) -> dict[str, Any]:
    return {"name": name, "label": label, "kind": kind, "help": help, **more}


SECTIONS: list[dict[str, Any]] = [
    {
        "title": "Observations",
        "fields": [
            _field("parameter", "Parameter", "select"),
            _field(
                "flags",
                "Flags that count",
                "flags",
                "Only samples with one of these quality flags are used; usually 1 (good) and "
                "2 (probably good). Flags set in the Quality tab count.",
            ),
        ],
    },
    {
        "title": "Where",
        "fields": [
            _field(
                "box",
                "Domain",
                "box",
                "In degrees. Or drag the frame on the map, by its sides or corners; the box tool "
                "of the map draws a new one.",
            ),
            _field(
                "resolution",
                "Grid step",
                "text",
                "One number, or longitude x latitude such as 0.25 x 0.2.",
                unit="°",
            ),
            _field(
                "bathymetry",
                "Bathymetry",
                "text",
                "NetCDF file with the depth of the sea floor, on the server. Without one, each "
                "level reaches as far as the sea at the surface.",
                placeholder="Path of a file; none: coast only",
                wide=True,
            ),
        ],
    },
    {
        "title": "Depths",
        "fields": [
            _field(
                "level_kind",
                "Levels",
                "select",
                options=[
                    ["woa33", "Standard depths, 33 (IODE, WOA until 2009)"],
                    ["woa102", "Standard depths, 102 (WOA since 2013)"],
                    ["own", "Own list"],
                ],
            ),
            _field(
                "depths",
                "Depths",
                "area",
                "In metres, with commas between them.",
                unit="m",
                when={"level_kind": ["own"]},
            ),
            _field(
                "top",
                "From",
                "text",
                "Of a standard set: its first level. Of one level: where the "
                "observations begin that count for it.",
                unit="m",
                half=True,
            ),
            _field(
                "bottom",
                "To",
                "text",
                "Of a standard set: its last level. Of one level: where the "
                "observations end that count for it.",
                unit="m",
                half=True,
            ),
        ],
    },
    {
        "title": "Times",
        "fields": [
            _field(
                "months",
                "Product has",
                "select",
                options=[
                    ["monthly", "Twelve months"],
                    ["seasons", "Four seasons (winter from December)"],
                    ["quarters", "Four quarters (from January)"],
                    ["annual", "The whole year"],
                    ["own", "Own groups of months"],
                ],
            ),
            _field(
                "groups",
                "Months",
                "text",
                "Numbers of months, groups with ; between them: 12 1 2; 6 7 8. In 12 1 2, December "
                "is that of the year before.",
                when={"months": ["own"]},
                wide=True,
            ),
            _field(
                "years",
                "Years",
                "text",
                "One climatology over 1991-2020; several over 1991-2000, 2001-2010; or spans that "
                "move: 1991-2020 by 10/5 (ten years, every five).",
                placeholder="All",
                wide=True,
            ),
        ],
    },
    {
        "title": "How far an observation counts",
        "fields": [
            _field(
                "horizontal",
                "Horizontal correlation length",
                "text",
                "With unit: 80 km. One, or one a level with commas between them; “fit” finds it "
                "anew in every run.",
                placeholder="80 km",
                buttons=[["fit:horizontal", "Fit from data"]],
                wide=True,
            ),
            _field(
                "vertical",
                "Vertical correlation length",
                "text",
                "With unit: 50 m. One, or one a level; 0 m analyses each level on its own.",
                placeholder="50 m",
                buttons=[["fit:vertical", "Fit from data"], ["spacing", "2 x level distance"]],
                wide=True,
            ),
            _field(
                "epsilon2",
                "Noise (epsilon²)",
                "text",
                "Error variance of one observation relative to the variance of the field: what one "
                "cast says of another day or place. Small: the field follows each observation; "
                "large: it is calm. The parameter study compares values.",
            ),
        ],
    },
    {
        "title": "Background and values",
        "fields": [
            _field(
                "background",
                "Background",
                "select",
                "What the field is where no observation is near.",
                options=[
                    ["profile", "Mean of the observations by depth"],
                    ["mean", "Mean of all observations of the time"],
                    ["none", "Zero"],
                    ["product", "Another product"],
                ],
            ),
            _field(
                "background_file",
                "Its file",
                "text",
                "NetCDF file of the product, on the server.",
                when={"background": ["product"]},
                wide=True,
            ),
            _field(
                "background_variable",
                "Its variable",
                "text",
                "Where the file has several.",
                when={"background": ["product"]},
            ),
            _field(
                "transformation",
                "Transformation",
                "select",
                "The analysis is made of transformed values, and the field transformed back.",
                options=[
                    ["none", "None"],
                    ["log", "Logarithm (concentrations)"],
                    ["logit", "Logit (values with bounds)"],
                ],
            ),
            _field(
                "offset",
                "Added before",
                "text",
                "So that 0 has a logarithm.",
                when={"transformation": ["log"]},
                half=True,
                placeholder="0",
            ),
            _field(
                "threshold",
                "Linear above",
                "text",
                "So that high values do not explode.",
                when={"transformation": ["log"]},
                half=True,
                placeholder="Never",
            ),
            _field("lower", "Lower bound", when={"transformation": ["logit"]}, half=True),
            _field("upper", "Upper bound", when={"transformation": ["logit"]}, half=True),
            _field(
                "least",
                "Least value",
                "text",
                "Values of the field below become this one.",
                half=True,
                placeholder="None",
            ),
            _field(
                "greatest",
                "Greatest value",
                "text",
                "Values of the field above become this one.",
                half=True,
                placeholder="None",
            ),
            _field(
                "error",
                "Error of the field",
                "select",
                "Relative to the variance where nothing is known: 0 near observations, 1 far away.",
                options=[
                    ["cpme", "Good approximation (twice the time)"],
                    ["exact", "Exact (longer)"],
                    ["none", "None"],
                ],
            ),
        ],
    },
    {
        "title": "About the product",
        "closed": True,
        "fields": [
            _field("title", "Title", wide=True),
            _field("abstract", "Abstract", "area"),
            _field("institution", "Institution", wide=True),
            _field("edmo", "EDMO codes", "text", "Of the institutions that make it: 9001, 486."),
            _field(
                "authors", "Authors", "text", "Names with mail: Ada <ada@example.org>, …", wide=True
            ),
            _field("project", "Project", wide=True),
            _field("source", "Source of the observations", wide=True),
            _field("areas", "Sea areas (C19)", "text", "Codes such as 3_1 (Mediterranean Sea)."),
            _field("license", "Licence", placeholder="CC-BY-4.0", half=True),
            _field("version", "Version", half=True),
            _field("comment", "Comment", "area"),
        ],
    },
    {
        "title": "More",
        "closed": True,
        "fields": [
            _field(
                "cluster",
                "Clusters count less within",
                "text",
                "Observations nearer to each other than this are not independent: n at one place "
                "and time count as one.",
                placeholder="10 km; none: all count alike",
                wide=True,
            ),
            _field(
                "desroziers",
                "Scale the noise",
                "text",
                "Analyses that scale epsilon² until it fits the residuals; each costs as much as "
                "the field.",
                placeholder="0",
                half=True,
            ),
            _field(
                "suspects",
                "Mark suspect observations",
                "select",
                "Criterion of quality control in the product; above 9 an observation is suspect.",
                options=[
                    ["none", "No"],
                    ["auto", "Yes"],
                    ["cross-validation", "By cross-validation"],
                ],
            ),
            _field(
                "solver",
                "Solver",
                "select",
                options=[
                    ["auto", "Whichever is faster"],
                    ["direct", "Direct"],
                    ["iterative", "Iterative"],
                ],
            ),
            _field(
                "workers",
                "Processes",
                "text",
                "All processors by default.",
                placeholder="All",
                half=True,
            ),
            _field(
                "memory",
                "Memory at most",
                "text",
                "Such as 4 GB.",
                placeholder="What is free",
                half=True,
            ),
        ],
    },
]
"""Sections of the form in their order."""

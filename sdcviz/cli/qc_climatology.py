"""``sdcviz qc climatology``: what values are compared with, made ready for the plots."""

from __future__ import annotations

from ..words import number
from . import show
from .arguments import CollectionPath, Json
from .qc import qc

__all__: list[str] = []


@qc.command()
def climatology(
    collection: CollectionPath,
    as_json: Json = False,
) -> None:
    """Tell which gridded climatology is compared with, and make it ready for the plots.

    It is named by the setting 'climatology', or by 'file' in the rules of the check
    'climatology' (see 'layouts/checks.yaml').
    """
    from ..observations import open_collection
    from ..qc.climatology import HOW, write_climatologies
    from ..settings import config_file

    report = write_climatologies(open_collection(collection))
    if as_json:
        show.show_json({"collection": collection, "climatologies": report})
        return
    if not report:
        show.note(f"{HOW} The settings are in {config_file()}.")
        return
    show.show_rows(
        ["parameter", "file", "variable", "sd", "limit", "stations"],
        [
            [r["parameter"], r["file"], r["variable"] or "", r["sd"] or "none", r["limit"] or "",
             "" if r["stations"] is None else number(r["stations"])]
            for r in report
        ],
    )  # fmt: skip
    for sentence in [r["problem"] for r in report if r["problem"]]:
        show.note(f"  {sentence}")

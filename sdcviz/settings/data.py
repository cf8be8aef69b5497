"""Settings of observations, their flags, and products."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from .kinds import DatabaseUrl, Listed, Part

__all__ = ["DataSettings"]


class DataSettings(Part):
    """Imports, checks and the journal; products of other servers."""

    checks: str = Field(
        "checks",
        description="Thresholds of the checks: a name in layouts/, or the path of a YAML file.",
    )
    climatology: Path | None = Field(
        None,
        description="Gridded climatology (NetCDF) that the check of that name compares with and "
        "the profiles show, where the thresholds name none.",
    )
    import_max_ratio: float = Field(
        200, gt=1, description="An archive member that grows more than so many times is refused."
    )
    import_max_bytes: int = Field(
        200 * 1024**3, gt=0, description="Most bytes that one archive may unpack to."
    )
    keep_sources: bool = Field(
        True,
        description="Keep a compressed copy of ODV sources in the collection, so that an export "
        "gives back header and untouched columns byte for byte.",
    )
    journal_url: DatabaseUrl = Field(
        None,
        description="Database of all journals, such as postgresql://user:password@host/name. "
        "Without it each collection has its own, journal.sqlite in its folder.",
    )
    opendap_hosts: Listed[str] = Field(
        (),
        description="Hosts (host or host:port) whose OPeNDAP products people may open by an "
        "address that they type; without any, only products that were named at the start, and "
        "servers of the same machine. In the environment, separated by commas.",
    )
    opendap_timeout: float = Field(
        30,
        gt=0,
        description="Seconds that an OPeNDAP server may take for one answer; it is asked three "
        "times.",
    )

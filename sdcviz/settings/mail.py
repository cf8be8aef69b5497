"""Settings of mails, and of letters to data centres."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from .kinds import Listed, Part

__all__ = ["MailSettings"]


class MailSettings(Part):
    """The mail server, and who gets which letters."""

    smtp_host: str = Field("", description="Mail server for letters to data centres; empty: none.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Port of the mail server.")
    smtp_user: str = Field("", description="Account at the mail server; empty: no sign-on.")
    smtp_password: SecretStr | None = Field(None, description="Password of that account.")
    smtp_starttls: bool = Field(
        True, description="Encrypt the connection (STARTTLS); a server without it is refused then."
    )
    smtp_implicit_tls: bool | None = Field(
        None,
        description="Encrypt the connection from the first byte (SMTPS) instead; without a word, "
        "on port 465 only.",
    )
    smtp_ca: Path | None = Field(
        None,
        description="File of certificates that prove the mail server, instead of the system's.",
    )
    smtp_timeout: float = Field(
        30, gt=0, le=600, description="Seconds that the mail server may take for each answer."
    )
    mail_from: str = Field(
        "",
        description="Sender of mails and contact of letters, such as "
        "Regional desk <qc@example.org>.",
    )
    data_centre_addresses: Annotated[dict[int, str] | Path, NoDecode] = Field(
        default_factory=dict,
        description="Mail address by EDMO code: a table, or the path of a CSV file with the "
        "columns edmo and address.",
    )
    restricted_data_centres: Listed[int] = Field(
        (), description="EDMO codes of data centres whose values never leave in a letter."
    )
    restricted_cdi_ids: Listed[str] = Field(
        (), description="LOCAL_CDI_IDs of stations whose values never leave in a letter."
    )
    open_access: Listed[str] = Field(
        ("UN", "CA", "CB"),
        description="Codes of L08 (access restrictions) under which values may leave in a "
        "letter; a station that states another, or none beside others that do, is restricted.",
    )

    @field_validator("data_centre_addresses", mode="before")
    @classmethod
    def _table(cls, value: Any) -> Any:
        """Take a table of the environment as JSON; any other text is a path."""
        if isinstance(value, str) and value.lstrip().startswith("{"):
            return json.loads(value)
        return Path(value).expanduser() if isinstance(value, str) and value else value or {}

"""Kinds of settings that several rooms have."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, SecretStr
from pydantic_settings import NoDecode

__all__ = ["DatabaseUrl", "Listed", "Part"]

T = TypeVar("T")


class Part(BaseModel):
    """Some of the settings; `sdcviz.settings.Settings` has all of them."""

    # Only the whole is ever validated.
    model_config = ConfigDict(defer_build=True)


def _words(value: Any) -> Any:
    """Split a text of the environment at its commas; empty words are none."""
    words = value.split(",") if isinstance(value, str) else value
    return tuple(w.strip() if isinstance(w, str) else w for w in words if str(w).strip())


def _database(value: SecretStr | None) -> SecretStr | None:
    text = value.get_secret_value().strip() if value else ""
    if text and not text.startswith(("postgresql://", "postgresql+psycopg://", "sqlite:///")):
        raise ValueError("should begin with postgresql:// or sqlite:///")
    return SecretStr(text) if text else None


Listed = Annotated[tuple[T, ...], NoDecode, BeforeValidator(_words)]
DatabaseUrl = Annotated[SecretStr | None, AfterValidator(_database)]

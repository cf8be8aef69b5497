"""The errors that a user may see, each one clear sentence.

Every message says what is wrong, where, and what to do. Nothing else in the
project raises for bad input; a traceback is a defect.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "HTTP_STATUS",
    "BadRequest",
    "CollectionBusy",
    "CollectionError",
    "Conflict",
    "EngineError",
    "Forbidden",
    "MailError",
    "NewerCollection",
    "NotFound",
    "NotSignedOn",
    "ProductBusy",
    "ProductChanged",
    "ProductError",
    "QuotaExceeded",
    "SdcvizError",
    "SourceUnavailable",
    "StorageError",
    "UnreadableFile",
]


class SdcvizError(Exception):
    """Base of all errors with a sentence for the user."""


class BadRequest(SdcvizError):
    """A filter, option or parameter name that can't be used."""


class UnreadableFile(SdcvizError):
    """A file that can't be read; the others still import."""


class NotFound(SdcvizError):
    """A collection, station or parameter that does not exist."""


class CollectionError(SdcvizError):
    """A folder that is no collection, or a damaged one."""


class NewerCollection(CollectionError):
    """A collection that was made by a newer version of sdcviz."""


class CollectionBusy(CollectionError):
    """Another process is importing into the same folder."""


class ProductError(SdcvizError):
    """A gridded product that has no axes, variables or times that can be used."""


class ProductChanged(ProductError):
    """A product whose file was replaced since it was opened."""


class ProductBusy(ProductError):
    """Another process is preparing the same product."""


class SourceUnavailable(SdcvizError):
    """A remote product whose server is slow, fails or sends what is no data."""


class Conflict(SdcvizError):
    """Flags that somebody else changed meanwhile; nothing was written.

    Parameters
    ----------
    sentence : str
        Says who changed what and when.
    conflicts : list of dict
        One entry for each of the first samples: ``station`` (identity), ``sample``,
        ``parameter``, ``expected`` and ``found`` (L20 codes), ``user``, ``time``, ``reason``.
    """

    def __init__(self, sentence: str, conflicts: list[dict[str, Any]] | None = None) -> None:
        super().__init__(sentence)
        self.conflicts = conflicts or []


class NotSignedOn(SdcvizError):
    """Nobody is known to ask: no token, or one that does not count (any more)."""


class Forbidden(SdcvizError):
    """Who asks is known, and may not."""


class MailError(SdcvizError):
    """A mail, or another message, that its server does not take.

    Parameters
    ----------
    sentence : str
    passing : bool
        Whether it is worth another attempt.
    """

    def __init__(self, sentence: str, passing: bool = False) -> None:
        super().__init__(sentence)
        self.passing = passing


class EngineError(SdcvizError):
    """An engine that can't do what it should with a job.

    Parameters
    ----------
    sentence : str
    passing : bool
        Whether it is worth another attempt: the engine is away, and may come back.
    """

    def __init__(self, sentence: str, passing: bool = False) -> None:
        super().__init__(sentence)
        self.passing = passing


class QuotaExceeded(SdcvizError):
    """More jobs than one person or workspace may have."""


class StorageError(SdcvizError):
    """The disk is full or may not be written; what was there is intact."""


HTTP_STATUS: dict[type[SdcvizError], int] = {
    BadRequest: 400,
    UnreadableFile: 422,
    NotSignedOn: 401,
    Forbidden: 403,
    NotFound: 404,
    CollectionError: 409,
    NewerCollection: 409,
    CollectionBusy: 409,
    ProductError: 409,
    ProductChanged: 409,
    ProductBusy: 409,
    SourceUnavailable: 502,
    Conflict: 409,
    EngineError: 502,
    MailError: 502,
    QuotaExceeded: 429,
    StorageError: 507,
}
"""HTTP status of each error; a class that is not listed answers as its base does."""

"""The HTTP front: FastAPI with the page mounted in it, served by uvicorn."""

from .run import serve

__all__ = ["serve"]

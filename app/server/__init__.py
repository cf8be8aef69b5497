"""The HTTP front: FastAPI with the page mounted in it, served by uvicorn."""

from .app import create_app
from .run import serve

__all__ = ["create_app", "serve"]

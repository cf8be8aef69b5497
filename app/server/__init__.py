"""FastAPI front: security, Panel mounted in it."""

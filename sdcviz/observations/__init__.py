"""Observations on disk: build, open, filter, select."""

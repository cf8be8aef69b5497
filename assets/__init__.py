"""Data files of sdcviz (assets)."""

"""Data files of sdcviz (layouts)."""

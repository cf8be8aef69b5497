"""Analyses: from a collection and a recipe to a gridded product."""

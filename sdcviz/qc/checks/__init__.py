"""Checks: one function each, over whole collections."""

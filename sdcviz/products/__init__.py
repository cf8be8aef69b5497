"""Gridded products: open them, extract from them, compare them with observations."""

from .opening import open_product
from .product import Product
from .roles import FieldRoles, Roles

__all__ = ["FieldRoles", "Product", "Roles", "open_product"]

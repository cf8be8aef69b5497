"""File formats: one module each, one table of them."""

"""Letters to data centres about what was wrong in their stations."""

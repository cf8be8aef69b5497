"""Parts of the Products tab."""

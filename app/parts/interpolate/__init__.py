"""Parts of the Interpolate tab."""

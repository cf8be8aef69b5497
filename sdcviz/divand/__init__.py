"""n-dimensional variational analysis (DIVAnd); imports nothing else of sdcviz."""

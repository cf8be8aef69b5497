"""Maps without the network: projections, coastline, land."""

"""The parts of the Quality tab: queue, plots, table of samples, and the tools of its bar."""

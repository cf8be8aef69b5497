"""The sdcviz web application: Panel, and the HTTP front."""

"""A complete recipe with comments, to start from."""

from __future__ import annotations

__all__ = ["example_recipe"]

_TEXT = """\
# A recipe: everything that decides what an analysis gives.
# sdcviz divand recipe.yaml --out product.nc     makes the product,
# sdcviz divand recipe.yaml --preview            shows one level and time on a coarse grid.
# Paths are seen from the folder of this file; 'sdcviz divand --schema' lists all keys.
recipe: 1

# What is analysed: a collection (sdcviz import), a parameter of it (sdcviz info), and the
# flags that count. Changes in the journal count; a depth, time or position flagged bad or
# probably bad makes the observation so.
collection: {collection}
parameter: temperature
flags: [1, 2]

# Where: west, south, east, north, and the grid step, in degrees.
domain:
  box: [-6, 30, 36.5, 46]
  resolution: 0.25
  # Depth of the sea floor, any NetCDF file of it. Without one the built-in mask tells land from
  # sea, and each level reaches as far as the sea at the surface.
  # bathymetry: gebco.nc
  # Only the sea that is connected with this point (longitude, latitude):
  basin: [5, 40]
  # Polygons that count as land, and one outside which all does:
  without:
    - [[26.5, 40.2], [30.5, 40.2], [30.5, 41.4], [26.5, 41.4]]  # Sea of Marmara
  # within: [[-6, 30], [36.5, 30], [36.5, 46], [-6, 46]]

# Depths in metres, or a set: woa33, woa102, such as {{set: woa33, bottom: 2000}}.
levels: [0, 5, 10, 20, 30, 50, 75, 100, 125, 150, 200, 250, 300, 400, 500, 600, 800, 1000, 1200,
         1500, 2000]

# Times of the product. months: monthly, seasons, quarters, annual, or lists such as [[12, 1, 2]],
# where December is that of the year before. years: one span, or a list of spans;
# instead of years, spans that move: moving: {{first: 1991, last: 2020, length: 10, step: 5}};
# instead of both, windows of days:
# windows: {{first: 2000-01-01, last: 2000-12-31, every: 10, length: 30}}
time:
  years: [1991, 2020]
  months: monthly

# How far an observation counts, with unit: one length, or one a level; fit finds them from the
# observations. Vertically 0 m makes each level on its own.
lengths:
  horizontal: 150 km
  vertical: [20 m, 20 m, 20 m, 20 m, 30 m, 50 m, 50 m, 50 m, 50 m, 80 m, 100 m, 100 m, 150 m,
             200 m, 200 m, 300 m, 400 m, 400 m, 500 m, 800 m, 1 km]
  # Shorter horizontal lengths where the sea floor is steep, so that shelf and deep water stay
  # apart; where the depth changes by itself over this distance they are halved, and nowhere
  # multiplied by less than `least`. Needs domain.bathymetry.
  # slopes: {{distance: 30 km, least: 0.3}}

# Currents along which the field changes little, any NetCDF file with an eastward and a northward
# part: {{file: currents.nc, u: uo, v: vo, strength: 1}}; none leaves them out.
velocity: none

# Error variance of an observation relative to the variance of the field: how much of what one
# cast says is noise (or of another day) for a map like this.
epsilon2: 1
# Analyses that scale it until it fits the residuals (Desroziers); 0 leaves it.
desroziers: 0
# Observations closer than this are not independent: n at one place and time count as one.
weights: {{horizontal: 10 km, vertical: 5 m, days: 15}}

# What the field is far from all observations: none, mean, profile, or
# {{method: product, file: other.nc, variable: Temperature}}.
background: profile

# For concentrations: {{method: log, threshold: 200}}, for bounded values {{method: logit, min: 0,
# max: 100}}; and bounds of the field:
transformation: none
clamp: {{min: -2, max: 35}}

# Error of the field, relative to the variance where nothing is known (0 to 1): cpme, a good
# approximation; exact, which takes longer; none. Copies of the field leave out what has a
# greater error:
error: cpme
thresholds: {{L1: 0.3, L2: 0.5}}

# Criterion of quality control in the product, for each observation: above 9 it is suspect.
suspects: none

# auto, direct or iterative.
solver: auto
# Of random choices (fits, suspects), so that the same recipe gives the same product.
seed: 2026

# What the product says of itself; what is left out is not invented.
metadata:
  title: {title}
  abstract: {abstract}
  edmo: [{edmo}]
  authors: [{author}]
  project: Example
  source: Synthetic observations of the demo collection of sdcviz
  areas: ["3_1"]  # C19: Mediterranean Sea
  version: "1.0"
  # license, doi, documentation, acknowledgement, ...

# How it is computed; it changes no number. memory: 4 GB, scheduler: tcp://host:8786 (dask).
run:
  workers: 2
"""


def example_recipe(collection: str = "my_collection") -> str:
    """Give the text of a recipe with comments.

    Parameters
    ----------
    collection : str
        Folder that it names. The numbers suit the temperature of the demo collection.

    Returns
    -------
    str
        YAML.
    """
    import json

    return _TEXT.format(
        collection=json.dumps(collection),
        title="Monthly temperature of the Mediterranean Sea",
        abstract="Made to try things out.",
        edmo=9001,
        author="Ada Lovelace <ada@example.org>",
    )

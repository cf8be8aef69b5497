"""``python -m sdcviz.jobs.inside FOLDER`` runs the job of that folder."""

from __future__ import annotations

import sys

from .run import main

sys.exit(main(sys.argv))

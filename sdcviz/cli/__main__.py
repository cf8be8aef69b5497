"""``python -m sdcviz.cli`` is the ``sdcviz`` command of this Python."""

from __future__ import annotations

from . import main

main()

"""Which worker of a test run takes which file.

A file stays whole: its tests share servers and collections, and some count on what the ones before
them did. Files that take longest come first, so that the workers end together. One worker begins
with what computes, the others with what waits for pages and processes, so that both overlap.
"""

from __future__ import annotations

from typing import Any

from xdist.scheduler import LoadScopeScheduling

__all__ = ["ByFile"]

SECONDS = {"browser": 8.0, "services": 3.0, "jobs": 3.0, "analyses": 0.8, "app": 0.3, "cli": 0.5}
"""What a test takes, roughly, by folder."""
OTHERS = 0.1
WAIT = {"browser", "services", "jobs"}
"""Folders whose tests wait more than they compute."""


class ByFile(LoadScopeScheduling):
    """Give whole files to workers, the long ones first."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.split("::", 1)[0]

    def _assign_work_unit(self, node: Any) -> None:
        computes = len(self.nodes) > 1 and node is self.nodes[-1]

        def rank(file: str) -> tuple[bool, float, str]:
            folder = file.split("/")[-2]
            seconds = len(self.workqueue[file]) * SECONDS.get(folder, OTHERS)
            return (folder in WAIT) == computes, -seconds, file

        self.workqueue.move_to_end(min(self.workqueue, key=rank), last=False)
        super()._assign_work_unit(node)

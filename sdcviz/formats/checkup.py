"""What the file doctor looks at in every NetCDF file, whatever its family."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from .model import FEATURES, Batch, Coded, Doctor

__all__ = ["Checkup", "degrees_east"]

TRAJECTORY = FEATURES.index("trajectory")
_EARLIEST = np.datetime64("1700-01-01", "ms")


def degrees_east(lon: NDArray[np.floating]) -> NDArray[np.float64]:
    """Bring longitudes of 180..360 to -180..0; 180 itself stays."""
    lon = np.asarray(lon, np.float64)
    return np.where((lon > 180) & (lon <= 360), np.round(lon - 360, 9), lon)


class Checkup:
    """Looks at the batches of one file, in their order.

    Parameters
    ----------
    doctor : Doctor
        Told what is odd.
    data_centres : bool
        Whether files of this family name their data centre by EDMO code.
    """

    def __init__(self, doctor: Doctor, *, data_centres: bool = True) -> None:
        self.doctor = doctor
        self.data_centres = data_centres
        self._ids: set[tuple[int, str]] = set()

    def __call__(self, batch: Batch) -> Batch:
        """Note what is odd; positions that no globe has are blanked."""
        self._positions(batch)
        self._times(batch)
        self._identities(batch)
        counts = np.diff(batch.offsets)
        self._note(batch, counts == 0, "no samples", "the station is kept without data")
        no_depth = int(np.isnan(batch.depth).sum())
        if no_depth:
            self.doctor.note(
                "depth", "no depth", "the samples are kept, their depth is unknown", no_depth
            )
        return batch

    def _note(self, batch: Batch, odd: NDArray[np.bool_], what: str, consequence: str) -> None:
        found = np.flatnonzero(odd)
        if found.size:
            where = f"station {batch.stations.index[found[0]]}"
            self.doctor.note(where, what, consequence, int(found.size))

    def _positions(self, batch: Batch) -> None:
        stations = batch.stations
        lon, lat = stations.lon, stations.lat
        unknown = np.isnan(lon) | np.isnan(lat)
        self._note(batch, unknown, "no position", "the station is not on the map")
        impossible = ~unknown & ((np.abs(lat) > 90) | (lon < -180) | (lon > 360))
        if impossible.any():
            first = int(np.flatnonzero(impossible)[0])
            told = f"the position {lon[first]:g} E, {lat[first]:g} N is not possible"
            self._note(batch, impossible, told, "the position is unknown; the numbers are kept")
            stations.position_flag = np.where(
                impossible, np.uint8(ord("4")), stations.position_flag
            )
        wrapped = ~impossible & (np.abs(lon) > 180)
        turned = "turned to -180..180; the number is kept"
        self._note(batch, wrapped, "longitude beyond 180", turned)
        for label, values, where in (
            ("Longitude in the file", lon, impossible | wrapped),
            ("Latitude in the file", lat, impossible),
        ):
            if where.any():
                kept = (f"{v:.9g}" if w else "" for v, w in zip(values, where, strict=True))
                stations.extra[label] = Coded.of(kept)
        stations.lon = np.where(impossible, np.nan, degrees_east(lon))
        stations.lat = np.where(impossible, np.nan, np.asarray(lat, np.float64))

    def _times(self, batch: Batch) -> None:
        stations = batch.stations
        self._note(batch, np.isnat(stations.time), "no time", "the time of the station is unknown")
        early = ~np.isnat(stations.time) & (stations.time < _EARLIEST)
        late = stations.time > np.datetime64("now", "ms") + np.timedelta64(366, "D")
        if early.any():
            self._note(batch, early, "a year before 1700 is hard to believe", "the time is kept")
        if late.any():
            self._note(batch, late, "the time is in the future", "the time is kept")
        if batch.time is None:
            return
        back = batch.time[1:] < batch.time[:-1]
        edges = np.unique(batch.offsets[1:-1])
        # From one station to the next, time may go back.
        back[edges[(edges > 0) & (edges < batch.n_samples)] - 1] = False
        if back.any():
            sample = int(np.flatnonzero(back)[0]) + 1
            station = np.searchsorted(batch.offsets, sample, "right") - 1
            self.doctor.note(
                f"station {stations.index[station]}, level {batch.row[sample]}",
                "times go back",
                "samples kept in the order of the file",
                int(back.sum()),
            )

    def _identities(self, batch: Batch) -> None:
        stations = batch.stations
        if self.data_centres:
            told = "no EDMO code", "the data centre is unknown"
            self._note(batch, stations.edmo == 0, *told)
        points = stations.feature == TRAJECTORY
        ids = Counter(
            (int(edmo), text)
            for edmo, text, point in zip(
                stations.edmo, stations.local_cdi_id.texts(), points, strict=True
            )
            if text and not point
        )
        repeated = {key: n for key, n in ids.items() if n > 1 or key in self._ids}
        self._ids.update(ids)
        if repeated:
            key = next(iter(repeated))
            self.doctor.note(
                f"LOCAL_CDI_ID {key[1]}",
                "several stations have one LOCAL_CDI_ID",
                "all kept; looking one up gives all of them",
                sum(repeated.values()),
            )

"""World Ocean Database text: counts, values and flags of real files."""

import numpy as np
import pytest
from whole import read_file
from wodpy.wod import WodProfile

from sdcviz.errors import UnreadableFile


def test_classic_casts(data):
    whole = read_file(data / "wod" / "wod_classic.dat")
    assert (whole.n_stations, whole.n_samples) == (2, 28)
    stations = whole.only.stations
    assert stations.cruise.texts() == ["US011203", "FR015133"]
    assert stations.time[0] == np.datetime64("1934-08-07T10:22:12")
    np.testing.assert_allclose(stations.lat, [61.93, -30.0])
    np.testing.assert_allclose(stations.lon, [-172.27, 66.42])
    np.testing.assert_allclose(stations.bottom_depth, [60, 4476])
    np.testing.assert_allclose(whole.values("Temperature")[:3], [8.96, 8.95, 0.9], rtol=1e-6)
    np.testing.assert_allclose(whole.values("Oxygen")[:3], [6.75, 6.7, 8.62], rtol=1e-6)
    assert whole.column("Oxygen").parameter.unit == "ml/l"
    assert bytes(whole.column("Temperature").flags[:2]) == b"11"
    assert "Oxygen: the WOD text does not tell the unit" in whole.notes()


def test_every_value_and_flag_agrees_with_wodpy(data):
    path = data / "wod" / "wod_quota_subset.dat"
    whole = read_file(path)
    assert (whole.n_stations, whole.n_samples) == (150, 3111)
    depths, values, codes, whole_cast = [], [], [], []
    with path.open() as file:
        for _ in range(150):
            cast = WodProfile(file)
            depths.append(cast.z().filled(np.nan))
            values.append(cast.t().filled(np.nan))
            codes.append(cast.t_level_qc().filled(-16) + 48)
            whole_cast.append(cast.t_profile_qc() or 0)
    values, codes = np.concatenate(values), np.concatenate(codes)
    column = whole.column("Temperature")
    np.testing.assert_array_equal(whole.only.depth, np.concatenate(depths))
    np.testing.assert_array_equal(column.values, values.astype(np.float32))
    np.testing.assert_array_equal(column.source_flags, codes.astype(np.uint8))
    good = (codes == ord("0")) & ~np.isnan(values)
    np.testing.assert_array_equal(column.flags == ord("1"), good)
    told = whole.only.stations.extra["Temperature_WODprofileflag"].texts()
    assert [int(t or 0) for t in told] == whole_cast and any(whole_cast)
    assert column.scale == "WOD" and 0 < good.sum() < len(good)


def test_a_cut_file_keeps_the_whole_casts(data, tmp_path):
    content = (data / "wod" / "wod_quota_subset.dat").read_bytes()
    path = tmp_path / "cut.dat"
    path.write_bytes(content[: len(content) // 2])
    whole = read_file(path)
    assert 0 < whole.n_stations < 150
    assert whole.doctor.left_out == {"after a damaged cast": 1}
    assert "a cast can't be read -> it and the rest are left out" in whole.notes()
    path.write_bytes(content[:100])
    with pytest.raises(UnreadableFile, match="the cast at byte 0 can't be read"):
        read_file(path)

"""Darwin Core: tables alone and archives, events within events."""

import csv
import zipfile

import numpy as np
import pytest
from whole import problems, read_file, read_source

from sdcviz.formats import Source, find_sources
from sdcviz.formats.darwin_events import event_time

TABLES = ("event.txt", "occurrence.txt", "measurementorfact.txt")


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_the_tables_of_a_folder_are_one_source(data):
    folder = data / "darwin_core"
    whole = read_file(folder)
    events, occurrences, measurements = (rows(folder / name) for name in TABLES)
    assert (len(events), len(occurrences), len(measurements)) == (725, 500, 500)
    assert whole.doctor.rows == 725 + 500 + 500
    assert whole.doctor.left_out == {
        "events, which make the stations": 725,
        "measurements beside others of the same sample": 340,
    }
    located = [e for e in events if e["decimalLatitude"]]
    assert whole.n_stations == len(located) == 223
    assert whole.n_samples == 660  # 500 occurrences, 160 events that were measured themselves


def test_values_come_to_the_right_station(data):
    folder = data / "darwin_core"
    batch = read_file(folder).only
    events = {e["eventID"]: e for e in rows(folder / "event.txt")}

    def located(event):
        while not events[event]["decimalLatitude"]:
            event = events[event]["parentEventID"]
        return event

    station_of = np.repeat(np.arange(len(batch.stations)), np.diff(batch.offsets))
    names = batch.stations.station.texts()
    column = {c.parameter.name: c for c in batch.columns}
    taxa = column["ScientificName"].values.texts()
    ids = column["OccurrenceID"].values.texts()
    counts = next(c for c in batch.columns if c.parameter.p01 == "OCOUNT01")
    of_occurrence = {
        m["occurrenceID"]: float(m["measurementValue"])
        for m in rows(folder / "measurementorfact.txt")
        if m["occurrenceID"]
    }
    assert len(of_occurrence) == 77
    for row in rows(folder / "occurrence.txt"):
        sample = ids.index(row["occurrenceID"])
        assert names[station_of[sample]] == located(row["eventID"])
        assert taxa[sample] == row["scientificName"]
        expected = of_occurrence.get(row["occurrenceID"], np.nan)
        np.testing.assert_array_equal(counts.values[sample], expected)
    oxygen = next(c for c in batch.columns if c.parameter.p01 == "DOXYZZXX")
    assert (oxygen.parameter.unit, oxygen.parameter.p06) == ("µmol/kg", "KGUM")
    measured = [
        float(m["measurementValue"])
        for m in rows(folder / "measurementorfact.txt")
        if m["measurementType"] == "Dissolved oxygen"
    ]
    assert sorted(oxygen.values[~np.isnan(oxygen.values)]) == sorted(measured)
    assert len(measured) == 5
    assert column["Sampling device"].parameter.kind == "text"


def test_stations_know_cruise_place_and_time(data):
    stations = read_file(data / "darwin_core").only.stations
    i = stations.station.texts().index("Cruise65:Station556")
    assert stations.cruise.texts()[i] == "Cruise65"
    assert (stations.lat[i], stations.lon[i]) == (47.87, -7.84)
    assert stations.time[i] == np.datetime64("1995-09-24")
    assert stations.extra["locality"].texts()[i] == "Station: sb250"


def test_an_archive_with_meta_xml(data, tmp_path):
    meta = """<archive xmlns="http://rs.tdwg.org/dwc/text/">
      <core rowType="http://rs.tdwg.org/dwc/terms/Event" fieldsTerminatedBy=";"
            ignoreHeaderLines="0"><files><location>event.csv</location></files>
        <id index="0"/><field index="1" term="http://rs.tdwg.org/dwc/terms/decimalLatitude"/>
        <field index="2" term="http://rs.tdwg.org/dwc/terms/decimalLongitude"/>
        <field index="3" term="http://rs.tdwg.org/dwc/terms/eventDate"/>
        <field term="http://rs.tdwg.org/dwc/terms/waterBody" default="North Sea"/></core>
      <extension rowType="http://rs.tdwg.org/dwc/terms/Occurrence" fieldsTerminatedBy="\\t"
            ignoreHeaderLines="1"><files><location>occurrence.txt</location></files>
        <coreid index="0"/><field index="1" term="http://rs.tdwg.org/dwc/terms/scientificName"/>
        <field index="2" term="http://rs.tdwg.org/dwc/terms/individualCount"/></extension>
    </archive>"""
    path = tmp_path / "archive.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("meta.xml", meta)
        archive.writestr("eml.xml", "<eml/>")
        archive.writestr("event.csv", "e1;55.5;3.25;1995-03-22/1995-03-24\ne2;;;2000\n")
        archive.writestr("occurrence.txt", "x\ty\tz\ne1\tGadus morhua\t3\ne1\tSprattus\tmany\n")
    whole = read_file(path)
    stations = whole.only.stations
    assert (whole.n_stations, whole.n_samples) == (1, 2)
    assert stations.time[0] == np.datetime64("1995-03-22")
    assert stations.extra["End of the event"].texts() == ["1995-03-24"]
    assert stations.extra["waterBody"].texts() == ["North Sea"]
    assert whole.values("ScientificName").texts() == ["Gadus morhua", "Sprattus"]
    np.testing.assert_array_equal(whole.values("ObservedIndividualCount"), [3, np.nan])
    assert [text for _, _, text in whole.only.raw_text] == ["many"]


def test_occurrences_alone_make_their_own_events(tmp_path):
    path = tmp_path / "occurrence.txt"
    path.write_text(
        "id\toccurrenceID\tscientificName\tdecimalLatitude\tdecimalLongitude\teventDate\n"
        "1\t1\tGadus\t55\t3\t2001-02-03\n2\t2\tSprattus\t55\t3\t2001-02-03\n3\t3\tGadus\t56\t3\t2001\n"
    )
    whole = read_file(path)
    assert (whole.n_stations, whole.n_samples) == (2, 3)
    assert whole.only.stations.lat.tolist() == [55, 56]
    assert np.diff(whole.only.offsets).tolist() == [2, 1]


def test_other_files_of_the_folder_stay_alone(data, tmp_path):
    for name in ("event.txt", "occurrence.txt"):
        (tmp_path / name).write_bytes((data / "darwin_core" / name).read_bytes())
    (tmp_path / "eventlog.txt").write_text("lon,lat,temp\n1,2,3\n")
    (tmp_path / "mof.csv").write_text("lon,lat,temp\n1,2,3\n")
    with find_sources([tmp_path]) as sources:
        found = {s.name.rpartition("/")[2]: s for s in sources if isinstance(s, Source)}
        assert list(found) == ["eventlog.txt", "event.txt", "mof.csv"]
        assert [s.name.rpartition("/")[2] for s in found["event.txt"].siblings] == [
            "occurrence.txt"
        ]
        whole = read_source(found["event.txt"])
    assert (whole.n_stations, whole.n_samples) == (223, 500)
    assert not problems(tmp_path)


def test_circles_and_lost_parents(tmp_path):
    path = tmp_path / "event.txt"
    path.write_text(
        "eventID\tparentEventID\teventDate\tdecimalLatitude\tdecimalLongitude\tfootprintWKT\n"
        "a\tb\t2001-01-01\t\t\t\nb\ta\t\t\t\t\nc\tnowhere\t2001-01-01\t95\t3\t\n"
        "d\t\t2001-01-01\t\t\tLINESTRING (1 50, 3 52)\n"
    )
    whole = read_file(path)
    assert whole.n_stations == 1
    assert (whole.only.stations.lon[0], whole.only.stations.lat[0]) == (2, 51)
    notes = whole.notes()
    assert "parentEventID that is no event" in notes and "95, 3 is impossible" in notes
    assert "line 5: an area or a track and no position" in notes


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("1995-03-22/1995-03-24", "1995-03-22"),
        ("2010-05", "2010-05-01"),
        ("2010", "2010-01-01"),
        ("2010-05-03T12:00Z", "2010-05-03T12:00"),
        ("2010-05-03T12:00+02:00", "2010-05-03T10:00"),
        ("spring", "NaT"),
        ("", "NaT"),
    ],
)
def test_event_dates(text, time):
    np.testing.assert_array_equal(event_time(text), np.datetime64(time, "ms"))

import csv
import gzip
import re
import shutil
import subprocess
import sys

import pytest

from sdcviz.errors import UnreadableFile
from sdcviz.vocabularies import (
    canonical_unit,
    import_terms,
    label,
    quantities,
    quantity,
    short_label,
    standard_unit,
    terms,
    unit_label,
)


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """A user's data folder without imported terms."""
    monkeypatch.setattr(terms, "_user_folder", lambda: tmp_path / "vocab")
    terms._terms.cache_clear()
    yield tmp_path / "vocab"
    terms._terms.cache_clear()


def key(**column):
    found = quantity(**column)
    return found and found.key


def test_labels_of_codes():
    assert label("P01", "TEMPPR01") == "Temperature of the water body"
    assert label("P01", "SDN:P01::TEMPPR01") == "Temperature of the water body"
    assert label("P06", "UPOX") == "Micromoles per litre"
    assert label("L20", "Q") == "value below limit of quantification"
    assert "Ifremer" in label("EDMO", 486)
    assert label("P35", "EPC00004") == "Water body nitrate"
    assert short_label("P01", "TEMPPR01") == "Temp"
    assert standard_unit("TEMPPR01") == "UPAA"


def test_unknown_code_is_shown_as_itself():
    assert label("P01", "NOSUCH01") == "NOSUCH01"
    assert label("EDMO", 99999) == "99999"
    assert label("NOLIST", "x") == "x"
    assert unit_label("bananas") == "bananas"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Celsius degree", "°C"),
        ("degrees C", "°C"),
        ("ITS-90, deg C", "°C"),
        ("[~^o~#C]", "°C"),
        ("UPAA", "°C"),
        ("SDN:P06::UPDB", "dbar"),
        ("decibar=10000 pascals", "dbar"),
        ("db", "dbar"),
        ("Micromoles per litre", "µmol/l"),
        ("~$m~#mol/l", "µmol/l"),
        ("umol kg-1", "µmol/kg"),
        ("micromole/kg", "µmol/kg"),
        ("umol/Kg", "µmol/kg"),
        ("UMMC", "mg/m³"),
        ("mg m-3", "mg/m³"),
        ("ug/l", "µg/l"),
        ("mmol/m^3", "mmol/m³"),
        ("UGPL", "µg/l"),
        ("meter/second", "m/s"),
        ("m s-1", "m/s"),
        ("mho/meter", "S/m"),
        ("P.S.U.", "psu"),
        ("per mille", "ppt"),
        ("UUUU", ""),
        ("", ""),
        ("µM", "µmol/l"),
        ("µm", "µm"),
        ("BQM3", "Bq/m³"),
        ("NBTM", "#/100ml"),
    ],
)
def test_units(text, shown):
    assert unit_label(text) == shown


def test_every_unit_of_the_bundled_list_has_a_readable_name():
    for term in terms._terms("P06").values():
        shown = unit_label(term.code)
        dimensionless = term.code in ("UUUU", "UUPH", "UCNT") or not term.short
        assert (shown and shown != term.code) or dimensionless, term


def test_codes_of_the_unit_table_mean_what_nvs_says():
    """A mistyped code in units.csv would rename a unit."""
    for term in terms._terms("P06").values():
        by_code, by_text = canonical_unit(term.code), canonical_unit(term.short)
        if by_code is not None and by_text is not None:
            assert by_code == by_text, term


@pytest.mark.parametrize(
    ("expected", "columns"),
    [
        (
            "temperature",
            [
                {"name": "TEMP", "unit": "Celsius degree", "p01": "TEMPPR01", "p06": "UPAA"},
                {"name": "Temp_insitu-thermistor", "unit": "degC", "p01": "TEMPTC01"},
                {"name": "ITS-90 water temperature", "unit": "degrees C"},
                {"name": "TEMP_ADJUSTED", "standard_name": "sea_water_temperature",
                 "unit": "degree_Celsius"},
                {"name": "Temperature", "unit": "C"},
                {"name": "t090C", "unit": "ITS-90, deg C"},
                {"name": "SEA TEMPERATURE", "unit": "Celsius degree"},
                {"name": "TEMPET01", "unit": "Celsius degree", "p01": "TEMPET01"},
                {"name": "temperature"},
            ],
        ),
        (
            "salinity",
            [
                {"name": "PSAL", "unit": "P.S.U.", "p01": "PSLTZZ01", "p06": "UUUU"},
                {"name": "Sal_conductivity-cell", "unit": "TU", "p01": "SSALPR01", "p06": "UUUU"},
                {"name": "Water body salinity", "unit": "per mille"},
                {"name": "Salinity", "unit": "psu"},
                {"name": "PSAL", "standard_name": "sea_water_salinity", "unit": "psu"},
                {"name": "Salinity", "unit": "ppt", "p01": "ODSDM021", "p06": "UPPT"},
            ],
        ),
        (
            "pressure",
            [
                {"name": "PRES", "unit": "decibar=10000 pascals", "p01": "PRESPR01"},
                {"name": "prDM", "unit": "db"},
                {"standard_name": "sea_water_pressure", "unit": "decibar"},
            ],
        ),
        ("pressure_pa", [{"name": "PRESPR01", "unit": "Pascals", "p01": "PRESPR01"}]),
        (
            "oxygen",
            [
                {"name": "Water body dissolved oxygen concentration", "unit": "umol/l"},
                {"name": "DOXYZZXX", "p01": "DOXYZZXX", "p06": "UPOX"},
                {"name": "DOXY", "unit": "mmol/m3"},
            ],
        ),
        (
            "oxygen_umol_kg",
            [
                {"name": "DOX2", "unit": "micromole/kg", "p01": "DOXMZZXX", "p06": "KGUM"},
                {"name": "DOXY", "standard_name": "moles_of_oxygen_per_unit_mass_in_sea_water",
                 "unit": "micromole/kg"},
                {"name": "Oxygen", "standard_name": "volume_fraction_of_oxygen_in_sea_water",
                 "unit": "umol/kg"},
                {"name": "sbeox0Mm/Kg", "unit": "umol/Kg"},
                {"name": "Dissolved oxygen", "p01": "DOXYZZXX", "p06": "KGUM"},
            ],
        ),
        ("oxygen_mg_l", [{"name": "dissO2_in-situ-sensor", "unit": "mg/l", "p01": "DOXYZZ01"},
                         {"name": "Dissolved oxygen", "unit": "mg/l"}]),
        ("oxygen_saturation", [{"name": "sbeox0PS", "unit": "% saturation"},
                               {"name": "Oxygen", "unit": "%"}]),
        ("nitrate", [{"name": "Nitrate NO3-N", "unit": "umol/l"},
                     {"name": "NTRAYYDZ", "unit": "Micromoles per litre", "p01": "NTRAYYDZ"}]),
        ("nitrate_nitrite", [{"name": "NO3andNO2_Filt_ColAA", "p01": "NTRZAADZ", "p06": "UPOX"},
                             {"name": "Sum_Nitrate_and_Nitrite", "unit": "umol/l"}]),
        ("silicate_umol_kg", [{"name": "Silicate", "unit": "umol/kg",
                               "standard_name": "mole_concentration_of_silicate_in_sea_water"}]),
        ("chlorophyll", [{"name": "chl-a_fluorometry", "unit": "ug/l", "p01": "CPHLFLPZ",
                          "p06": "UGPL"},
                         {"name": "Water body chlorophyll-a", "unit": "mg/m^3"},
                         {"name": "Chlorophyll-a", "unit": "ug/l"},
                         {"name": "CPHL", "unit": "mg/m3", "p01": "CPHLZZXX", "p06": "UMMC"}]),
        ("ph", [{"name": "pH", "unit": "pH units"}, {"name": "ph", "unit": ""}]),
        ("conductivity", [{"name": "CNDC", "unit": "mho/meter", "p01": "CNDCZZ01", "p06": "UECA"},
                          {"name": "c0S/m", "unit": "S/m"}]),
        ("sound_speed", [{"name": "SVEL", "unit": "meter/second", "p01": "SVELXXXX"}]),
        ("sea_level", [{"name": "SLEV", "unit": "meter", "p01": "ASLVZZ01", "p06": "ULAA"},
                       {"name": "sea_surface_height_above_sea_level", "unit": "m"}]),
        ("depth", [{"name": "DEPH", "unit": "m", "p01": "ADEPZZ01"},
                   {"name": "Sampling depth", "unit": "m"}, {"name": "depSM",
                    "unit": "salt water, m"}]),
        ("wave_height", [{"name": "WaveHeight", "unit": "m", "p01": "GSSPWR01", "p06": "ULAA"},
                         {"name": "VHM0", "unit": "m"}]),
        ("wave_period", [{"name": "WavePeriod", "unit": "s", "p01": "GTAMZZ01", "p06": "UTBB"}]),
        ("suspended_matter", [{"name": "Suspended solids", "unit": "mg/l"}]),
    ],
)  # fmt: skip
def test_names_of_real_files_merge(expected, columns):
    assert {key(**c) for c in columns} == {expected}


@pytest.mark.parametrize(
    "column",
    [
        {"name": "sbeox0V", "unit": "V"},
        {"name": "Oxygen raw, SBE 43", "unit": "V"},
        {"name": "temperature", "unit": "V"},
        {"name": "TEMP_dPRES", "unit": "decibar"},
        {"name": "scan"},
        {"name": "Cruise temperature report", "unit": "degC"},
        # P01 decides, whatever the column is called: a distance, a standard deviation.
        {"name": "DOX2", "unit": "micromole/kg", "p01": "DOXMSDXX", "p06": "KGUM"},
        {"name": "Temperature", "p01": "MINWDIST", "p06": "ULAA"},
    ],
)
def test_no_false_friends(column):
    assert key(**column) is None


def test_air_is_not_water():
    assert key(name="Dry_Bulb_Temp", standard_name="air_temperature", unit="degree_C") == (
        "air_temperature"
    )
    assert key(p01="CTMPZZ01", p06="UPAA") == "air_temperature"
    assert key(p01="CTMPZZ03", p06="UPAA") is None, "sediment"


def test_unit_shown_with_a_quantity():
    assert quantity(name="TEMP", unit="degC").unit == "°C"
    assert quantity(p01="DOXMZZXX", p06="KGUM").unit == "µmol/kg"
    assert quantity(name="pH").unit == ""


def test_oxygen_without_unit_merges_with_nothing_known():
    assert key(name="Oxygen") == "oxygen_unknown_unit"


def test_other_aggregated_parameters_merge_by_p35():
    # Codes of one aggregated parameter that is no quantity of the table.
    columns = [{"p01": c, "p06": "UUKG"} for c in ("IFRPAH19", "BPDWCF14")]
    (found,) = {quantity(**c) for c in columns}
    assert found.label == "Benzo(a)pyrene in Mytilus" and found.unit == "µg/kg"
    aggregated_file = quantity(name="Benzo(a)pyrene in Mytilus", unit="ug/kg")
    assert aggregated_file == found
    # A code in two aggregated parameters belongs to neither for certain.
    assert key(p01="MTSDM003", p06="UMKG") is None


def test_every_quantity_has_a_colour_map_of_cmocean():
    import cmocean

    for q in quantities().values():
        assert hasattr(cmocean.cm, q.colormap), q
        assert q.label and re.fullmatch(r"[a-z0-9_]+", q.key)


def test_full_nvs_list_is_imported(data, own_folder):
    assert label("P07", "CFSN0335") == "CFSN0335", "not bundled"
    assert import_terms(data / "nvs" / "nvs_labels.csv.gz") == 76_625
    with gzip.open(data / "nvs" / "nvs_labels.csv.gz", "rt") as file:
        terms_in_file = [r for r in csv.DictReader(file) if r["label"]]
    for row in terms_in_file[::997]:
        assert label(row["collection"], row["code"]) == row["label"].strip()
    assert sorted(p.name for p in own_folder.iterdir())[-1].endswith(".csv.gz")
    assert label("EDMO", 486) != "486", "bundled terms stay"


@pytest.mark.parametrize(
    ("file", "collection", "code", "name"),
    [
        ("SDN.L20.8.xml", "L20", "Q", "value below limit of quantification"),
        ("SDN.P06.146.xml", "P06", "UPOX", "Micromoles per litre"),
    ],
)
def test_xml_lists_are_imported(data, own_folder, file, collection, code, name):
    assert import_terms(data / "vocab" / file) > 10
    with gzip.open(own_folder / f"{collection}.csv.gz", "rt", encoding="utf-8") as f:
        assert any(row[:2] == [code, name] for row in csv.reader(f))


def test_skos_of_nvs_is_imported(tmp_path):
    file = tmp_path / "x.rdf"
    file.write_text(
        """<?xml version="1.0"?>
        <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
                 xmlns:skos="http://www.w3.org/2004/02/skos/core#"
                 xmlns:dc="http://purl.org/dc/terms/">
          <skos:Concept rdf:about="http://vocab.nerc.ac.uk/collection/P01/current/NEWCODE9/">
            <dc:identifier>SDN:P01::NEWCODE9</dc:identifier>
            <skos:prefLabel xml:lang="en">A new parameter</skos:prefLabel>
            <skos:altLabel>New</skos:altLabel>
          </skos:Concept>
        </rdf:RDF>"""
    )
    assert import_terms(file) == 1
    assert label("P01", "NEWCODE9") == "A new parameter"
    assert label("P01", "TEMPPR01") == "Temperature of the water body"


def test_own_terms_come_before_the_bundled_ones(tmp_path):
    file = tmp_path / "edmo.csv"
    file.write_text("code,label\n486,Our own name\n7777,Institute of Tests\n")
    assert import_terms(file, collection="EDMO") == 2
    assert label("EDMO", 486) == "Our own name" and label("EDMO", 7777) == "Institute of Tests"
    assert label("EDMO", 396).startswith("Marine Institute")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"a,b\n1,2\n", "x.csv has the columns a, b; a vocabulary needs collection, code"),
        (b"", "x.csv has the columns \\(none\\)"),
        (b"<html><p>Not found", "x.csv is no well-formed XML"),
        (b"<html></html>", "x.csv has no vocabulary terms"),
        (b"\x1f\x8bgarbage", "x.csv can't be read as a vocabulary"),
        (b"\xff\xfe\x00", "x.csv can't be read as a vocabulary"),
        (b"collection,code,label\n../../etc/x,1,y\n", "is no name of a vocabulary"),
    ],
)
def test_bad_files_say_what_is_wrong(tmp_path, content, sentence):
    file = tmp_path / "x.csv"
    file.write_bytes(content)
    with pytest.raises(UnreadableFile, match=sentence):
        import_terms(file)


def test_importing_the_module_loads_nothing_heavy():
    code = "import sys, sdcviz.vocabularies as v; v.label('P01', 'TEMPPR01'); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"numpy", "pandas", "panel", "netCDF4"} & set(loaded)


def test_bundled_tables_are_those_that_the_build_makes(data, tmp_path):
    from sdcviz.vocabularies import build

    for name in ("edmo.csv", "extra_p01.txt"):
        shutil.copy(build.ASSETS / name, tmp_path)
    p09 = data / "vocab" / "mapping.SDN.P01.1291.SDN.P09.77.xml"
    nvs = data / "nvs"
    counts = build.build(nvs / "nvs_labels.csv.gz", nvs / "p35_p01.csv", p09, tmp_path)
    assert counts["P01"] > 2000 and counts["P06"] == 406
    for file in tmp_path.iterdir():
        made, committed = file.read_bytes(), (build.ASSETS / file.name).read_bytes()
        if file.suffix == ".gz":  # zlib versions pack differently
            made, committed = gzip.decompress(made), gzip.decompress(committed)
        assert made == committed, f"{file.name} is out of date: run the build again"

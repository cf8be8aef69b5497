"""What people say of a review: it stays, it can be signed, and a signature sees every change."""

from __future__ import annotations

import json
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from sdcviz import reviews
from sdcviz.errors import BadRequest
from sdcviz.reviews.opinion import orcid_of

ORCID = "0000-0002-1825-0097"


@pytest.fixture
def folder(drawn, tmp_path) -> Path:
    return Path(shutil.copytree(drawn, tmp_path / "review"))


def test_comment_verdict_signature(folder):
    reviews.comment(folder, "skill", "Look at <b>this</b> & that.", "Ada", {"step": 2})
    reviews.verdict(folder, "skill", "minor", "Shallow bias.", "Ada")
    signed = reviews.sign(folder, "Ada  Lovelace", f"https://orcid.org/{ORCID}")
    assert signed["signature"]["orcid"] == ORCID
    assert signed["signature"]["name"] == "Ada Lovelace"
    assert reviews.verify(folder)[0]
    report = (folder / "report.html").read_text("utf-8")
    assert "Look at &lt;b&gt;this&lt;/b&gt; &amp; that." in report
    assert signed["signature"]["sha256"] in report and "Shallow bias." in report

    changed = reviews.verdict(folder, "coverage", "pass")
    assert changed["signature"] is None
    assert not reviews.verify(folder)[0]
    assert "Not signed" in (folder / "report.html").read_text("utf-8")


@pytest.mark.parametrize("file", ["review.json", "opinion.json"])
def test_a_signature_sees_every_change(folder, file):
    reviews.verdict(folder, "skill", "pass")
    reviews.sign(folder, "Ada", ORCID)
    path = folder / file
    content = json.loads(path.read_text("utf-8"))
    if file == "review.json":
        content["skill"]["rows"][0]["n"] += 1
    else:
        content["verdicts"]["skill"]["verdict"] = "major"
    path.write_text(json.dumps(content), "utf-8")
    valid, sentence = reviews.verify(folder)
    assert not valid and "Ada" in sentence


def test_a_new_run_keeps_what_was_said(folder, seas):
    reviews.comment(folder, "", "Good on the whole.", "Ada")
    reviews.verdict(folder, "skill", "pass")
    reviews.sign(folder, "Ada", ORCID)
    again = reviews.review(
        seas.clean / "oxygen_umol_kg.nc", seas.clean / "demo", folder, report=False
    )
    assert again["opinion"]["comments"][0]["text"] == "Good on the whole."
    assert again["opinion"]["verdicts"]["skill"]["verdict"] == "pass"
    assert again["signature"] is None


def test_what_is_refused(folder):
    with pytest.raises(BadRequest, match="before there is a verdict"):
        reviews.sign(folder, "Ada", ORCID)
    with pytest.raises(BadRequest, match="no verdict"):
        reviews.verdict(folder, "skill", "splendid")
    with pytest.raises(BadRequest, match="no block 'cruise'"):
        reviews.comment(folder, "cruise", "x")
    with pytest.raises(BadRequest, match="needs a text"):
        reviews.comment(folder, "cruises", "  ")


@pytest.mark.parametrize(
    "text", ["0000-0002-1825-0098", "0000-0002-1825", "", "0000-0002-1825-009X", "1" * 16]
)
def test_no_orcid(text):
    with pytest.raises(BadRequest, match="no ORCID"):
        orcid_of(text)


def test_orcid_with_x():
    assert orcid_of("000000021694233x") == "0000-0002-1694-233X"


def test_the_report_stands_alone(folder):
    text = (folder / "report.html").read_text("utf-8")
    assert len(text.encode()) < 3_000_000

    class Links(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.ids: list[str] = []
            self.found: list[str] = []

        def handle_starttag(self, tag, attrs):
            known = dict(attrs)
            if "id" in known:
                self.ids.append(known["id"])
            if tag in ("script", "link", "img", "iframe"):
                self.found.append(tag)
            links = [v for k, v in attrs if k.endswith(("src", "href"))]
            self.found += [v for v in links if not v.startswith(("#", "data:image/png"))]

    links = Links()
    links.feed(text)
    assert text.count("<svg") >= 9
    assert not links.found
    assert "@import" not in text and "@font-face" not in text
    assert len(links.ids) == len(set(links.ids))

"""The workbench of reviewers in Chromium: from a finding to the cast, verdict and signature."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from made_files import write
from playwright.sync_api import Locator, Page, expect
from serving import Running, running
from waiting import WAIT, until

from sdcviz_app.shelf import identity

ID = "0123456789ab"


class Served(NamedTuple):
    """A server with a product and a review of it."""

    server: Running
    product: str
    review: dict[str, Any]


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Review a product that is too cold in one corner, and serve both."""
    from sdcviz.demo import make_demo
    from sdcviz.reviews import review

    folder = tmp_path_factory.mktemp("reviewing")
    demo = make_demo(folder / "demo", stations=160)
    depth = np.array([0.0, 10, 30, 75, 150, 400, 1000, 2500])
    lon, lat = np.arange(-6, 42.1, 1.0), np.arange(30, 48.1, 1.0)
    z, y, x = np.meshgrid(depth, lat, lon, indexing="ij")
    values = (13.5 + 6 * np.exp(-z / 40)).astype(np.float32)
    values[(z >= 100) & (x > 20) & (y < 40)] -= 3
    (folder / "data" / "products").mkdir(parents=True)
    product = write(
        folder / "data" / "products" / "cold.nc", lon=lon, lat=lat, depth=depth, time=None,
        values=values, dims=("depth", "lat", "lon"),
    )  # fmt: skip
    document = review(product, demo, folder / "data" / "reviews" / ID, report=False)
    with running(folder / "data", [demo]) as server:
        yield Served(server, identity(str(product)), document)


def open_review(open_page: Callable[..., Page], served: Served, more: str = "") -> Page:
    address = f"{served.server.address}?tab=products&sub=review&product={served.product}{more}"
    page = open_page(address)
    return page


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()


def is_in_view(part: Locator) -> bool:
    box = part.bounding_box()
    return bool(box) and box["y"] + box["height"] <= 768 and box["height"] > 120


def test_a_reviewer_finds_judges_and_signs(open_page: Callable[..., Page], served: Served) -> None:
    page = open_review(open_page, served, f"&review={ID}")
    findings = page.locator(".finding")
    expect(findings).to_have_count(len(served.review["first"]))
    first = served.review["first"][0]
    expect(findings.first).to_contain_text(first["sentence"])
    # All of the first screen is in view.
    for part in (".first", ".hist", ".heat", ".where"):
        until(partial(is_in_view, page.locator(part)), f"{part} in view")
    said = page.locator(".where .head")
    whole = served.review["samples"]
    expect(said).to_contain_text(re.compile(r"all [\d\u202f]+ samples"))

    # A cell of the heatmap filters all; its count is that of the review.
    rows = served.review["skill"]["rows"]
    one = next(r for r in rows if r["layer"] == 0 and r["month"] == 0
               and r["area"] is None and r["decade"] is None)  # fmt: skip
    page.locator(".cell[data-at='0,0']").click()
    expect(page.locator(".picks")).to_contain_text(f"{one['n']} of ")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".heat .tells")).to_contain_text(served.review["skill"]["months"][1])
    tab(page, "Worst casts")
    list_ = page.locator(".worst tbody")
    expect(list_.locator("tr").first).to_be_visible()
    assert list_.locator("tr").count() <= min(50, whole)
    tab(page, "Overview")
    page.get_by_role("button", name="Show all").click()
    expect(page.locator(".picks")).to_be_hidden()

    # Verdict, comment, signature; what comes later takes it away.
    tab(page, "Skill")
    page.get_by_role("button", name="Major issues").click()
    expect(page.locator("[data-verdict=major]").first).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Comment on this view").click()
    page.get_by_role("textbox", name="Comment on this view").fill("<b>Cold</b> below 100 m")
    page.get_by_role("button", name="Pin comment").click()
    tab(page, "Opinion")
    expect(page.locator(".comments .text")).to_have_text("<b>Cold</b> below 100 m")
    page.get_by_label("Your name").fill("Ann Reviewer")
    page.get_by_label("Your ORCID").fill("0000-0002-1825-0097")
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.locator(".seal.signed")).to_contain_text("Ann Reviewer")
    with page.expect_download() as waits:
        page.get_by_role("link", name="review.json").click()
    signed = json.loads(Path(waits.value.path()).read_text())
    assert signed["signature"]["orcid"] == "0000-0002-1825-0097"
    assert signed["opinion"]["verdicts"]["skill"]["verdict"] == "major"
    page.locator("[data-block=residuals] [data-verdict=pass]").click()
    expect(page.locator(".seal.lost")).to_contain_text("The signature is gone")

    # One key from the list to the cast with its flags.
    tab(page, "Worst casts")
    expect(list_.locator("tr").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    row = served.review["worst"][1]["row"]
    page.keyboard.press("Enter")
    page.wait_for_function("(row) => globalThis.sdcvizDesk?.state?.view?.row === row", arg=row)


def test_a_review_is_started_and_found_again(
    open_page: Callable[..., Page], served: Served
) -> None:
    page = open_review(open_page, served)
    expect(page.get_by_text("Choose observations and press Review")).to_be_visible()
    button = page.get_by_role("button", name="Review", exact=True).last
    expect(button).to_be_enabled()
    button.click()
    page.wait_for_function("() => new URLSearchParams(location.search).get('review')")
    page.reload()
    expect(page.locator(".finding").first).to_be_visible(timeout=2 * WAIT)
    page.get_by_role("button", name="All reviews").click()
    expect(page.locator(".earlier tbody tr")).to_have_count(2)

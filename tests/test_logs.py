"""Log lines for people and machines; nothing secret in either."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from sdcviz.logs import configure, hide

SECRETS = [
    ("login failed: password=hunter2x", "hunter2x"),
    ("got {'access_token': 'abc.def.ghi', 'scope': 'openid'}", "abc.def.ghi"),
    ("GET /data?token=zyxwvut&x=1", "zyxwvut"),
    ("Authorization: Bearer eyJhbGciOi.J9.x-y_z", "eyJhbGciOi.J9.x-y_z"),
    ("job by sdc_AAAABBBBCCCCDDDDEEEEFFFFGGGG-_12.", "sdc_AAAABBBBCCCCDDDDEEEEFFFFGGGG-_12"),
    ("Cookie: sdc_sid=0123456789abcdef; other=1", "0123456789abcdef"),
    ("connect postgresql://alice:s3cr3t!@db.example/x", "s3cr3t!"),
    ("header was Basic YWxpY2U6czNjcjN0", "YWxpY2U6czNjcjN0"),
    ("secret_key: 'q-w-e-r-t-y'", "q-w-e-r-t-y"),
]


@pytest.fixture(params=[False, True], ids=["human", "json"])
def log(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """Configure logging into a text, and put it back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure("info", as_json=request.param, stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize(("message", "secret"), SECRETS)
def test_secret_in_a_message_is_masked(log: io.StringIO, message: str, secret: str) -> None:
    logging.getLogger("sdcviz.test").warning("%s", message)
    assert secret not in log.getvalue()
    assert "***" in log.getvalue()


@pytest.mark.parametrize(("message", "secret"), SECRETS)
def test_secret_in_a_traceback_is_masked(log: io.StringIO, message: str, secret: str) -> None:
    try:
        raise RuntimeError(message)
    except RuntimeError:
        logging.getLogger("sdcviz.test").exception("it failed")
    assert secret not in log.getvalue()
    assert "RuntimeError" in log.getvalue()


def test_secret_in_a_fact_is_masked(log: io.StringIO) -> None:
    facts = {"api_key": "k-12345678", "url": "ftp://bob:pw123456@host/x", "user": "bob"}
    logging.getLogger("sdcviz.test").warning("stored", extra=facts)
    text = log.getvalue()
    assert "k-12345678" not in text
    assert "pw123456" not in text
    assert "bob" in text


def test_known_secret_is_masked_anywhere(log: io.StringIO) -> None:
    hide("a-very-odd-value")
    logging.getLogger("sdcviz.test").info("one two a-very-odd-value three")
    assert "one two *** three" in log.getvalue()


def test_ordinary_text_is_kept(log: io.StringIO) -> None:
    message = "import of cruise 77DN: 12 stations at 10:30, session opened, tokens counted"
    logging.getLogger("sdcviz.test").info(message)
    assert message in log.getvalue()


def test_less_serious_messages_are_left_out(log: io.StringIO) -> None:
    logging.getLogger("sdcviz.test").debug("detail")
    assert log.getvalue() == ""


def test_json_line_has_the_facts() -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    try:
        configure("info", as_json=True, stream=stream)
        logging.getLogger("sdcviz.x").info("two\nlines °C", extra={"stations": 3, "file": "a.txt"})
        (line,) = stream.getvalue().splitlines()
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    told = json.loads(line)
    assert told.pop("time").endswith("+00:00")
    assert told == {
        "level": "info",
        "logger": "sdcviz.x",
        "message": "two\nlines °C",
        "stations": 3,
        "file": "a.txt",
    }

"""One test for each way in that was once open (see app/server/guard.py)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from bokeh.util.token import generate_jwt_token, generate_session_id, get_token_payload
from serving import Running
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

TOKEN = re.compile(r'"token":"([^"]+)"')


class Visitor:
    """A browser that opened the page."""

    def __init__(self, server: Running, **headers: str) -> None:
        self.server = server
        answer = httpx.get(server.address, headers=headers, timeout=60)
        answer.raise_for_status()
        self.cookie = answer.cookies["sdc_sid"]
        found = TOKEN.search(answer.text)
        assert found, "the page carries no token"
        self.token = found.group(1)

    @contextmanager
    def socket(
        self, *, token: str | None = None, cookie: str | None = None, origin: str | None = None
    ) -> Iterator[ClientConnection]:
        cookie = self.cookie if cookie is None else cookie
        with connect(
            self.server.address.replace("http", "ws", 1) + "ws",
            subprotocols=["bokeh", token or self.token],  # type: ignore[list-item]
            origin=origin or self.server.origin,  # type: ignore[arg-type]
            additional_headers={"Cookie": f"sdc_sid={cookie}"} if cookie else {},
            proxy=None,
        ) as socket:
            yield socket

    def refused(self, **how: str | None) -> bool:
        try:
            with self.socket(**how):  # type: ignore[arg-type]
                return False
        except InvalidStatus as error:
            return error.response.status_code == 403


@pytest.fixture(scope="module")
def visitor(server: Running) -> Visitor:
    return Visitor(server)


def test_a_page_opens_its_own_websocket(visitor: Visitor) -> None:
    with visitor.socket() as socket:
        assert json.loads(socket.recv(timeout=30))["msgtype"] == "ACK"


def test_a_foreign_origin_is_refused(visitor: Visitor) -> None:
    assert visitor.refused(origin="http://evil.example")


def test_an_unsigned_token_is_refused(visitor: Visitor) -> None:
    payload = get_token_payload(visitor.token)
    forged = generate_jwt_token(
        generate_session_id(signed=False), signed=False, extra_payload=payload, expiration=300
    )
    assert get_token_payload(forged)["headers"] == payload["headers"]
    assert visitor.refused(token=forged)


def test_a_token_signed_with_another_key_is_refused(visitor: Visitor) -> None:
    forged = generate_jwt_token(
        generate_session_id(secret_key=b"guess", signed=True),
        secret_key=b"guess",
        signed=True,
        extra_payload=get_token_payload(visitor.token),
        expiration=300,
    )
    assert visitor.refused(token=forged)


def test_the_token_holds_no_cookie_and_no_other_header(server: Running, visitor: Visitor) -> None:
    answer = httpx.get(
        server.address,
        headers={"Cookie": f"sdc_sid={visitor.cookie}; other=secret", "Authorization": "Bearer x"},
        timeout=60,
    )
    found = TOKEN.search(answer.text)
    assert found
    payload = get_token_payload(found.group(1))
    assert payload["cookies"] == {}
    assert set(payload["headers"]) == {"X-Sdc-Handle"}
    assert visitor.cookie not in answer.text


def test_a_stolen_token_is_refused_without_its_cookie(visitor: Visitor) -> None:
    assert visitor.refused(cookie="")


def test_a_stolen_token_is_refused_with_another_cookie(server: Running, visitor: Visitor) -> None:
    assert visitor.refused(cookie=Visitor(server).cookie)


def test_a_handle_can_not_be_brought_along(server: Running, visitor: Visitor) -> None:
    victim = get_token_payload(visitor.token)["headers"]["X-Sdc-Handle"]
    thief = Visitor(server, **{"X-Sdc-Handle": victim})
    assert get_token_payload(thief.token)["headers"]["X-Sdc-Handle"] != victim


def test_the_cookie_is_out_of_reach_of_scripts(server: Running) -> None:
    cookie = httpx.get(server.address, timeout=60).headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie


def test_another_name_for_this_machine_is_refused(server: Running) -> None:
    answer = httpx.get(server.address, headers={"Host": "evil.example"})
    assert answer.status_code == 403
    assert "evil.example" in answer.text


def test_a_foreign_page_can_not_post(server: Running, visitor: Visitor) -> None:
    answer = httpx.post(
        f"{server.address}api/health",
        headers={"Origin": "http://evil.example", "Cookie": f"sdc_sid={visitor.cookie}"},
    )
    assert answer.status_code == 403


def test_nothing_from_elsewhere_is_allowed_into_the_page(server: Running) -> None:
    headers = httpx.get(server.address, timeout=60).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy and "*" not in policy
    assert headers["x-content-type-options"] == "nosniff"

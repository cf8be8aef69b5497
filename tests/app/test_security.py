"""One test for each way in that was once open (see app/server/guard.py)."""

from __future__ import annotations

import json

import httpx
import pytest
from bokeh.util.token import generate_jwt_token, generate_session_id, get_token_payload
from serving import TOKEN, Running, Visitor


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

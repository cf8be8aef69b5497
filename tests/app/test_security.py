"""One test for each way in that was once open (see app/server/guard.py)."""

from __future__ import annotations

import contextlib
import json

import httpx
import pytest
from bokeh.util.token import generate_jwt_token, generate_session_id, get_token_payload
from serving import TOKEN, Running, Visitor, revoke_all, sign_on
from typer.testing import CliRunner
from waiting import until

from sdcviz.cli import app
from sdcviz.errors import BadRequest
from sdcviz_app.server.run import _listen


@pytest.fixture(scope="module")
def visitor(server: Running) -> Visitor:
    return Visitor(server)


def test_a_page_opens_its_own_websocket(visitor: Visitor) -> None:
    with visitor.socket() as socket:
        assert json.loads(socket.recv(timeout=180))["msgtype"] == "ACK"


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
        timeout=180,
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
    cookie = httpx.get(server.address).headers["set-cookie"]
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
    headers = httpx.get(server.address).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy and "*" not in policy
    assert headers["x-content-type-options"] == "nosniff"


# ---- the HTTP service ---------------------------------------------------------
WAYS = [
    ("GET", "jobs"), ("GET", "jobs/" + "0" * 32), ("GET", "jobs/" + "0" * 32 + "/log"),
    ("GET", "jobs/" + "0" * 32 + "/events"), ("GET", "jobs/" + "0" * 32 + "/files"),
    ("GET", "jobs/" + "0" * 32 + "/files/x"), ("POST", "jobs"),
    ("POST", "jobs/" + "0" * 32 + "/stop"), ("GET", "usage?month=2026-11"),
    ("GET", "collections"), ("GET", "collections/" + "0" * 32), ("GET", "products"),
    ("GET", "frames/map?product=0"), ("GET", "frames/dots?product=0&key=0"),
    ("POST", "qc/" + "0" * 32 + "/batches"), ("POST", "qc/" + "0" * 32 + "/undo"),
]  # fmt: skip
BODY = {"arguments": ["serve"], "token": "12345678", "user": "x"}


def ask(server: Running, way: tuple[str, str], **more: object) -> httpx.Response:
    method, path = way
    body = {"json": BODY} if method == "POST" else {}
    return httpx.request(method, f"{server.address}api/{path}", **body, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_nothing_is_told_to_nobody(server: Running, way: tuple[str, str]) -> None:
    answer = ask(server, way)
    assert answer.status_code == 401, answer.text
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_a_wrong_token_is_refused_even_beside_a_good_cookie(
    server: Running, visitor: Visitor, way: tuple[str, str]
) -> None:
    for wrong in ("sdc_" + "A" * 32, "", "x", "null", "sdc_ " + "A" * 32):
        headers = {"Authorization": f"Bearer {wrong}".strip(), "Origin": server.origin}
        headers["Cookie"] = f"sdc_sid={visitor.cookie}"
        assert ask(server, way, headers=headers).status_code == 401, wrong


def test_a_made_up_cookie_is_nobody(server: Running, visitor: Visitor) -> None:
    secret, _, signature = visitor.cookie.partition(".")
    assert httpx.get(
        f"{server.address}api/jobs", headers={"Cookie": f"sdc_sid={visitor.cookie}"}
    ).is_success
    for wrong in ("x", f"{secret}.", f"other.{signature}", f"{visitor.cookie}0"):
        for way in WAYS:
            headers = {"Cookie": f"sdc_sid={wrong}", "Origin": server.origin}
            assert ask(server, way, headers=headers).status_code == 401, (wrong, way)


def test_nobody_fills_the_disk_with_files(server: Running) -> None:
    address = f"{server.address}api/uploads/{'0' * 16}/x"
    for headers in ({}, {"Cookie": "sdc_sid=x", "Origin": server.origin}, sign_on(server, "read")):
        assert httpx.put(address, content=b"x", headers=headers).status_code == 401
    assert not list((server.data_dir / "uploads").glob("*/" + "0" * 16))


@pytest.mark.parametrize("name", ["token", "access_token", "api_key", "authorization"])
def test_a_token_in_the_address_does_not_count(server: Running, name: str) -> None:
    secret = sign_on(server, "admin")["Authorization"]
    for value in (secret, secret.removeprefix("Bearer ")):
        answer = httpx.get(f"{server.address}api/jobs", params={name: value})
        assert answer.status_code == 401


def test_a_token_in_a_cookie_or_body_does_not_count(server: Running) -> None:
    secret = sign_on(server, "admin")["Authorization"].removeprefix("Bearer ")
    cookies = {"token": secret, "Authorization": secret}
    assert httpx.get(f"{server.address}api/jobs", cookies=cookies).status_code == 401
    body = {"arguments": ["serve"], "access_token": secret}
    assert httpx.post(f"{server.address}api/jobs", json=body).status_code == 401


@pytest.mark.parametrize("scope", ["read", "jobs", "edit"])
def test_a_token_of_narrow_scope_does_no_more(server: Running, scope: str) -> None:
    headers = sign_on(server, scope)
    allowed = {"read": {"GET"}, "jobs": {"GET", "jobs"}, "edit": {"GET", "qc"}}[scope]
    for way in WAYS:
        answer = ask(server, way, headers=headers)
        kind = "GET" if way[0] == "GET" else way[1].split("/")[0]
        told = answer.json().get("detail", "") if answer.status_code == 403 else ""
        assert ("This token may not" in told) == (kind not in allowed), (way, answer.text)


def test_an_expired_and_a_revoked_token_are_refused_at_once(server: Running) -> None:
    short = sign_on(server, "read", days=1e-6)  # a tenth of a second, told to the second
    until(lambda: httpx.get(f"{server.address}api/jobs", headers=short).status_code == 401)
    headers = sign_on(server, "read")
    assert httpx.get(f"{server.address}api/jobs", headers=headers).status_code == 200
    revoke_all(server)
    assert httpx.get(f"{server.address}api/jobs", headers=headers).status_code == 401


@pytest.mark.parametrize("way", [w for w in WAYS if w[0] == "POST"], ids=" ".join)
def test_a_foreign_page_can_not_make_a_browser_post(
    server: Running, visitor: Visitor, way: tuple[str, str]
) -> None:
    cookie = {"Cookie": f"sdc_sid={visitor.cookie}"}
    for origin in ("http://evil.example", "null", "http://localhost:1", "file://"):
        answer = ask(server, way, headers={"Origin": origin, **cookie})
        assert answer.status_code == 403, origin
        # Nor with a token: no page of another site has any business here.
        answer = ask(server, way, headers={"Origin": origin, **sign_on(server, "admin")})
        assert answer.status_code == 403, origin
    assert ask(server, way, headers=cookie).status_code == 403, "no origin at all"


def test_a_form_is_no_order(server: Running, visitor: Visitor) -> None:
    """A form of another site can send texts, but no JSON; ours take nothing else."""
    answer = httpx.post(
        f"{server.address}api/jobs",
        content=b'{"arguments": ["serve"], "x": "="}',
        headers={"Content-Type": "text/plain", **sign_on(server, "jobs")},
    )
    assert answer.status_code == 400


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("path", ["jobs", "jobs/" + "0" * 32 + "/events", "collections"])
def test_a_foreign_page_can_not_listen(
    server: Running, visitor: Visitor, path: str, site: str
) -> None:
    headers = {"Cookie": f"sdc_sid={visitor.cookie}", "Sec-Fetch-Site": site}
    for more in ({"Sec-Fetch-Mode": "no-cors"}, {"Sec-Fetch-Mode": "cors", "Origin": "http://x.y"}):
        answer = httpx.get(f"{server.address}api/{path}", headers={**headers, **more})
        assert answer.status_code == 403
    own = {**headers, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
    assert httpx.get(f"{server.address}api/{path}", headers=own).status_code in {200, 404}


def test_no_other_site_is_let_in_by_a_header(server: Running) -> None:
    answer = httpx.options(
        f"{server.address}api/jobs",
        headers={
            "Origin": "http://evil.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization",
        },
    )
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert answer.status_code == 405


def test_no_secret_is_in_the_log(server: Running) -> None:
    headers = sign_on(server, "admin")
    secret = headers["Authorization"].removeprefix("Bearer ")
    httpx.get(f"{server.address}api/jobs", headers=headers)
    httpx.get(f"{server.address}api/jobs?token={secret}")
    httpx.get(f"{server.address}api/jobs/{secret}", headers=headers)
    body = {"arguments": ["info", secret], "files": {"x": secret}}
    httpx.post(f"{server.address}api/jobs", headers=headers, json=body)
    httpx.post(f"{server.address}api/jobs", headers=headers, content=secret)
    log = (server.data_dir / "server.log").read_text()
    assert "DEBUG" in log and secret not in log


def test_only_loopback_is_listened_on_without_sign_on() -> None:
    for host in ("0.0.0.0", "", "0", "::"):
        with pytest.raises(BadRequest, match="SDCVIZ_TRUSTED_FRONT=true"):
            _listen(host, 0, trusted_front=False)
    for host in ("127.0.0.1", "localhost", "127.9.8.7", "::1"):
        with contextlib.closing(_listen(host, 0, trusted_front=False)) as sock:
            assert sock.getsockname()[1] > 0
    with contextlib.closing(_listen("0.0.0.0", 0, trusted_front=True)) as sock:
        assert sock.getsockname()[0] == "0.0.0.0"


def test_the_command_refuses_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    result = CliRunner().invoke(app, ["serve", "--host", "0.0.0.0", "--port", "0"])
    assert result.exit_code == 2
    assert "does not sign people on itself" in result.stderr

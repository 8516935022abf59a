"""Proofs of who a user is: a server refuses one that is wrong in a single bit."""

from __future__ import annotations

from base64 import b64decode
from hashlib import md5, sha256
from pathlib import Path
from urllib.parse import unquote

import pytest

from pytsung.errors import ConfigurationError
from pytsung.protocols.http.oauth import Signed, base_string, oauth
from pytsung.protocols.http.requests import OAuth
from pytsung.protocols.http.rsa import PrivateKey
from pytsung.protocols.room import RequestError
from tests.protocols.http.scripts import http, lines, plan, sent


def digest(attributes: str, **words: str) -> str:
    inside = f'<www_authenticate type="digest" {attributes}/>'
    (data,) = sent(http(inside, **words))
    return next(line for line in lines(data) if line.startswith("Authorization: "))


USER = 'userid="u" passwd="p" realm="r" nonce="n"'


def test_digest_without_protection() -> None:
    """RFC 2617's oldest form, with Tsung's layout."""
    assert digest(USER + ' opaque="o"', url="/d?x=1") == (
        'Authorization: Digest username="u", realm="r", nonce="n", uri="/d?x=1", '
        'response="2b36b7911acfb65a55b01a3d29902aba", opaque="o"'
    )


def test_digest_with_protection() -> None:
    """`qop` is not quoted (RFC 7616, 3.4); Tsung quotes it."""
    words = USER + ' qop="auth" nc="00000001" cnonce="1795422424-1"'
    assert digest(words, url="/d", method="POST") == (
        'Authorization: Digest username="u", realm="r", nonce="n", uri="/d", '
        'response="b3d01f8a833728dc4e414356ec0b694c", qop=auth, nc=00000001, '
        'cnonce="1795422424-1"'
    )


def test_the_example_of_rfc_2617() -> None:
    """The one that everybody has checked themselves against."""
    line = digest(
        'userid="Mufasa" passwd="Circle Of Life" realm="testrealm@host.com" qop="auth" '
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093" nc="00000001" cnonce="0a4f113b" '
        'opaque="5ccc069c403ebaf9f0171e9517f40e41"',
        url="/dir/index.html",
    )
    assert 'response="6629fae49393a05397450978507c4ef1"' in line


RFC_7616 = (
    'userid="Mufasa" passwd="Circle of Life" realm="http-auth@example.org" '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v" nc="00000001" '
    'cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ" qop="auth, auth-int" '
)


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_rfc_7616(algorithm: str, response: str) -> None:
    """Section 3.9.1; of what is offered, `auth` is taken."""
    line = digest(f'{RFC_7616} algorithm="{algorithm}"', url="/dir/index.html")
    assert f'response="{response}"' in line
    assert f"algorithm={algorithm}, qop=auth, " in line


@pytest.mark.parametrize("name", ["MD5", "SHA-256"])
def test_sessions_and_bodies_are_proven_by_the_formula(name: str) -> None:
    """RFC 7616, 3.4.2 and 3.4.3, once more and plainly."""

    def h(text: str) -> str:
        return {"MD5": md5, "SHA-256": sha256}[name](text.encode()).hexdigest()

    words = USER + f' qop="auth-int" nc="00000001" cnonce="c" algorithm="{name}-sess"'
    line = digest(words, url="/d", method="PUT", contents="body")
    a1 = h(h("u:r:p") + ":n:c")
    a2 = h("PUT:/d:" + h("body"))
    assert f'response="{h(f"{a1}:n:00000001:c:auth-int:{a2}")}"' in line


def test_an_algorithm_that_nobody_knows_is_refused_or_counted() -> None:
    """Written down it is a fault; a server's own whim costs the user."""
    with pytest.raises(ConfigurationError, match='algorithm="SHA-512-256"'):
        digest(USER + ' algorithm="SHA-512-256"', url="/")
    inside = f'<www_authenticate type="digest" {USER} algorithm="%%_a%%"/>'
    with pytest.raises(RequestError) as caught:
        sent(http(inside, "true", url="/"), variables={"a": "SHA-512-256"})
    assert caught.value.counter == "error_http_digest_algorithm"


def test_nonces_are_counted_and_client_nonces_drawn() -> None:
    """A server takes the same `nc` twice for a replay; Tsung sends it for ever."""
    inside = (
        '<www_authenticate type="digest" userid="u" passwd="p" realm="r" '
        'nonce="%%_n%%" qop="auth"/>'
    )
    steps = http(inside, "true", url="/") * 2
    one = [lines(data)[3] for data in sent(steps, variables={"n": "n"})]
    assert "nc=00000001" in one[0]
    assert "nc=00000002" in one[1]
    assert one[0].split("cnonce=")[1] != one[1].split("cnonce=")[1]


def test_quirks_say_what_tsung_says() -> None:
    """A quoted `qop`, `nc` 1, and a client nonce that is literal unless substituted."""
    inside = f'<www_authenticate type="digest" {USER} qop="auth"/>'
    first, second = sent(http(inside, url="/") + http(inside, "true", url="/"), quirks=True)
    assert lines(first)[3].endswith(
        'qop="auth", nc=00000001, cnonce="%%ts_user_server:get_really_unique_id%%"'
    )
    assert lines(second)[3].endswith('nc=00000001, cnonce="1795422424-1"')


def test_no_name_or_no_password_is_no_proof() -> None:
    """As in Tsung."""
    for words in ('userid="" passwd="p"', 'userid="u" passwd=""'):
        (data,) = sent(http(f"<www_authenticate {words}/>", url="/"))
        assert len(lines(data)) == 3


SIGNED = Signed("POST", "http://LocalHost:8881/o?a=1", b"b=x+y&c=3")


def test_oauth_signs_as_tsung_would() -> None:
    """The vector computed from the rules, with the fields in Tsung's order."""
    asked = OAuth("key", "secret", "tok", "tsec")
    value = oauth(asked, SIGNED, str, nonce="abcdefghij", timestamp=1700000000)
    names = [pair.partition("=")[0] for pair in value.removeprefix("OAuth ").split(", ")]
    assert names == [
        "oauth_signature",
        "oauth_token",
        "oauth_version",
        "oauth_nonce",
        "oauth_timestamp",
        "oauth_signature_method",
        "oauth_consumer_key",
    ]
    assert unquote(value.split('"')[1]) == "cFMJJsWmMXcal/fyXzRuOHONQGI="


def test_the_example_of_rfc_5849() -> None:
    """Parameters without a value and with `=` are signed too (RFC 5849, 3.4.1)."""
    request = Signed(
        "POST",
        "http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b",
        b"c2&a3=2+q",
    )
    fields = {
        "oauth_consumer_key": "9djdj82h48djs9d2",
        "oauth_token": "kkk9d7dh3k39sjv7",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "137131201",
        "oauth_nonce": "7d8f3e4a",
    }
    assert base_string(request, fields.items()) == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D"
        "%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3"
        "e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkk"
        "k9d7dh3k39sjv7"
    )


def test_oauth_in_a_request() -> None:
    """Signed for the endpoint that is really used; without a token no token is said."""
    inside = '<oauth consumer_key="k" consumer_secret="s&amp;" method="PLAINTEXT"/>'
    (data,) = sent(http(inside, url="/o", method="POST", contents="a=b"))
    line = lines(data)[5]
    assert line.startswith('Authorization: OAuth oauth_signature="s%2526%26", oauth_version="1.0"')
    assert 'oauth_timestamp="1700000000"' in line
    assert "oauth_token" not in line


@pytest.mark.parametrize("pkcs8", [False, True])
def test_rsa_signatures_are_verified_by_somebody_else(pkcs8: bool) -> None:
    """We wrote the arithmetic; a library that knows RSA must agree."""
    rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding

    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    formats = serialization.PrivateFormat
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        formats.PKCS8 if pkcs8 else formats.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()
    signature = PrivateKey.from_pem(pem).sign_sha1(b"message")
    key.public_key().verify(signature, b"message", padding.PKCS1v15(), hashes.SHA1())


def test_an_rsa_key_is_read_with_the_configuration(tmp_path: Path) -> None:
    """A key that cannot sign is refused before the run."""
    rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")
    from cryptography.hazmat.primitives import serialization

    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    (tmp_path / "key.pem").write_text(pem)
    words = f'consumer_key="k" consumer_secret="{tmp_path}/key.pem" method="RSA-SHA1"'
    (data,) = sent(http(f"<oauth {words}/>", url="/"))
    (line,) = (line for line in lines(data) if line.startswith("Authorization: "))
    assert 'oauth_signature_method="RSA-SHA1"' in line
    signature = b64decode(unquote(line.split('"')[1]))
    assert len(signature) == 128


@pytest.mark.parametrize("text", ["", "hello", "-----BEGIN PRIVATE KEY-----AAAA-----END"])
def test_what_is_no_rsa_key_is_refused(text: str, tmp_path: Path) -> None:
    """Not when the first user signs."""
    with pytest.raises(ValueError, match="key"):
        PrivateKey.from_pem(text)
    (tmp_path / "key.pem").write_text(text)
    name = str(tmp_path / "key.pem") if text else "nothing.pem"
    inside = f'<oauth consumer_key="k" consumer_secret="{name}" method="RSA-SHA1"/>'
    with pytest.raises(ConfigurationError, match=r"key|cannot be read"):
        plan(http(inside, url="/"))

"""The elements of HTTP requests, and what about them is not quite as in Tsung.

Must not know what they mean: `reading` does.
"""

from __future__ import annotations

from pytsung.protocols.marks import FIXED, OURS, Mark, Vocabulary

VOCABULARY: Vocabulary = {
    "http": (
        "url",
        "method",
        "version",
        "contents",
        "contents_from_file",
        "content_type",
        "if_modified_since",
    ),
    "http_header": ("name", "value", "encoding"),
    "add_cookie": ("key", "value", "path", "domain"),
    "www_authenticate": (
        "userid",
        "passwd",
        "type",
        "realm",
        "nonce",
        "opaque",
        "qop",
        "nc",
        "cnonce",
        "algorithm",
    ),
    "oauth": (
        "consumer_key",
        "consumer_secret",
        "access_token",
        "access_token_secret",
        "method",
    ),
    "soap": ("action",),
}

MARKS = (
    Mark("http", "", FIXED, "answers end as RFC 9112 says; text beyond ASCII goes out as UTF-8"),
    Mark("http", "url", FIXED, "goes to where the user is by now, and Host says so"),
    Mark("http", "method", FIXED, "all of them in HTTP and in WebDAV sessions"),
    Mark("http", "contents", FIXED, "as UTF-8"),
    Mark("http", "if_modified_since", FIXED, "variables are filled in"),
    Mark("http_header", "", FIXED, "in the file's order; of a repeated Host and its like the last"),
    Mark("add_cookie", "", FIXED, "in the file's order"),
    Mark("add_cookie", "path", FIXED, "variables are filled in"),
    Mark("add_cookie", "domain", FIXED, "variables are filled in"),
    Mark("www_authenticate", "qop", FIXED, "not quoted; auth-int proves the body"),
    Mark("www_authenticate", "nc", FIXED, "counted for each nonce where it is not given"),
    Mark("www_authenticate", "cnonce", FIXED, "drawn for each request where it is not given"),
    Mark("www_authenticate", "algorithm", OURS, "MD5, MD5-sess, SHA-256, SHA-256-sess"),
    Mark("oauth", "", FIXED, "signs by RFC 5849, for the server that is asked"),
    Mark("oauth", "method", FIXED, "honoured; Tsung takes HMAC-SHA1 always"),
    Mark("soap", "action", FIXED, "variables are filled in"),
)

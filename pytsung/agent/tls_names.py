"""What TLS failures are called in statistics.

Must not know connections.
"""

from __future__ import annotations

import ssl


def tls_error_name(error: ssl.SSLError) -> str:
    """`tls_handshake_failure` for the alert of that name (RFC 8446, 6.2), and so on.

    A stream that ends inside the handshake is `closed`, as Erlang says.
    """
    if isinstance(error, ssl.SSLEOFError):
        return "closed"
    reason = error.reason or "unknown"
    # OpenSSL leaves ALERT out of the names of some: TLSV1_UNRECOGNIZED_NAME.
    for prefix in ("SSLV3_ALERT_", "TLSV1_ALERT_", "TLSV13_ALERT_", "TLSV1_"):
        reason = reason.removeprefix(prefix)
    return f"tls_{reason.lower()}"

"""WebSocket sessions (`ts_websocket`), and the RFC 6455 codec that the server shares.

The codec half (`codec`, `events`, `handshake`, `masking`) knows no Tsung and no
session; `room`, `requests` and `conversation` lay Tsung's request types on it.
"""

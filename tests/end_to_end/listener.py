"""An HTTP server that answers everything, and remembers what it was asked."""

from __future__ import annotations

import threading
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Listener:
    """Listens on loopback from its making until `close`."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.bodies: list[str] = []  # their SHA-256
        paths, bodies = self.paths, self.bodies

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                paths.append(self.path)
                body = f"I am here; you asked for {self.path}".encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                bodies.append(sha256(body).hexdigest())
                self.do_GET()

            def log_message(self, *_: object) -> None:
                """Be quiet: the test looks at what came."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

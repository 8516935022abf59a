"""Client certificates from files that came with the plan.

OpenSSL reads certificates from files only; here they lie in memory, as a file without
a name (memfd), so that nothing is written to this host's disk. Must not know users.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pytsung.plan import SetCertificate


class CertificateError(Exception):
    """A certificate is not there, or is none, or needs another password."""


def load_certificate(
    context: ssl.SSLContext, certificate: SetCertificate, files: Mapping[str, bytes]
) -> None:
    """Let a context show the certificate. Raises CertificateError."""
    try:
        if certificate.authorities:
            authorities = files[certificate.authorities].decode("ascii")
            context.load_verify_locations(cadata=authorities)
        if certificate.certificate:
            key = certificate.key or certificate.certificate
            with (
                _in_memory(files[certificate.certificate]) as chain_path,
                _in_memory(files[key]) as key_path,
            ):
                # A password that is asked for and not there must not ask the terminal.
                context.load_cert_chain(chain_path, key_path, lambda: certificate.password)
    except KeyError as error:
        raise CertificateError(f"the file {error} did not come with the plan") from error
    except (ssl.SSLError, ValueError) as error:
        raise CertificateError(str(error)) from error


@contextmanager
def _in_memory(data: bytes) -> Iterator[str]:
    """A path to the data, while this lasts."""
    descriptor = os.memfd_create("certificate", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, data)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)

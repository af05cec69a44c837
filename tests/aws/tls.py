# SPDX-License-Identifier: BSD-2-Clause
"""A certification authority of a test's own, made with openssl, and the double behind its certificates."""
import contextlib
import shutil
import ssl
import subprocess

import pytest

CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
OURS = "IP:127.0.0.1"  # where the double listens


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=120)


class Authority:
    """folder must be there; ca_file is what its clients trust."""

    def __init__(self, folder, name):
        if not shutil.which("openssl"):
            pytest.skip("no openssl to make certificates with")
        self.folder, self.name = folder, name
        self.key, self.ca_file = folder / f"{name}.key", folder / f"{name}.pem"
        openssl("req", "-x509", *CURVE, "-days", 2, "-subj", f"/CN={name}", "-keyout", self.key,
                "-out", self.ca_file)

    def context(self, names=OURS):
        """A server's, with a certificate for these names ("DNS:a,IP:127.0.0.1")."""
        key, request, extensions, certificate = (
            self.folder / f"{self.name}-server.{end}" for end in ("key", "csr", "cnf", "pem"))
        openssl("req", *CURVE, "-subj", "/CN=server", "-keyout", key, "-out", request)
        extensions.write_text(f"subjectAltName={names}\n")
        openssl("x509", "-req", "-in", request, "-CA", self.ca_file, "-CAkey", self.key,
                "-CAcreateserial", "-days", 2, "-extfile", extensions, "-out", certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        return context


@contextlib.contextmanager
def double(context):
    """A Double that speaks TLS only. As with the fixture aws, nobody may ask what no correct client asks."""
    from aws.double import Double
    made = Double()
    made.tls = context
    with made:
        yield made
    assert not made.broken, "\n".join(made.broken)
    assert not made.wrong, "\n".join(made.wrong)

"""Owns the sockets between a benchmark's two processes: loopback TCP, no delay, TLS on request."""

import socket
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"


def listen() -> socket.socket:
    """A listening socket on a free port; made before the fork, so that the peer can connect at once."""
    listener = socket.create_server((HOST, 0))
    listener.listen(1)
    return listener


def port_of(listener: socket.socket) -> int:
    """The port that it listens on."""
    return int(listener.getsockname()[1])


def without_delay(connection: socket.socket) -> socket.socket:
    """The same socket, sending small messages at once."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def accept(listener: socket.socket) -> socket.socket:
    """The connection that comes."""
    connection, _ = listener.accept()
    return without_delay(connection)


def connect(port: int) -> socket.socket:
    """A connection to the peer."""
    return without_delay(socket.create_connection((HOST, port)))


def _certificate() -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return (
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


def tls_contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """TLS as a venue speaks it, with a certificate made for this run, and a client that trusts no other.

    Made before the fork, because both processes must mean the same certificate.
    """
    certificate, key = _certificate()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory(prefix="oms-perf-") as folder:
        path = Path(folder) / "both.pem"
        path.touch(mode=0o600)
        path.write_bytes(certificate + key)
        server.load_cert_chain(path)
    client = ssl.create_default_context(cadata=certificate.decode())
    client.minimum_version = ssl.TLSVersion.TLSv1_2
    return server, client

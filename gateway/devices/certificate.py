"""The embedded broker's own certificate: an authority made once, and a certificate of its for this machine's names.

Devices are given the authority's file alone.  Both are valid from the year 2000 on, because a device without a battery
clock starts there, and for decades, because nobody visits a gauge to change a file.
"""

import ipaddress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.devices.registry import write_private
from gateway.errors import BrokerError

AUTHORITY_FILE: Final = "ca.crt"
_VALID_FROM: Final = datetime(2000, 1, 1, tzinfo=UTC)
_VALID_TO: Final = datetime(2049, 12, 31, tzinfo=UTC)  # the last year that every ASN.1 parser reads alike (RFC 5280)


def self_signed(folder: Path, names: tuple[str, ...]) -> tuple[Path, Path, Path]:
    """(authority's, certificate's, key's file) in `folder` for host names and addresses, made where they are missing.

    BrokerError where they cannot be read or written.
    """
    authority_file, server_file, key_file = folder / AUTHORITY_FILE, folder / "server.crt", folder / "server.key"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        authority, authority_key = _authority(authority_file, folder / "ca.key")
        if not (key_file.exists() and server_file.exists() and _names_in(server_file) == set(names)):
            key = ec.generate_private_key(ec.SECP256R1())
            certificate = _certificate(names, key.public_key(), authority, authority_key)
            write_private(key_file, _key_text(key))
            write_private(server_file, _text(certificate) + _text(authority))
    except OSError as error:
        raise BrokerError(f"{error.filename or folder}: {error.strerror}") from error
    except ValueError as error:
        raise BrokerError(f"{folder}: a certificate or key there cannot be read: {error}") from error
    return authority_file, server_file, key_file


def first_name(file: Path) -> str:
    """The first name that a certificate is made out to; BrokerError where it cannot be read or has none."""
    try:
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except OSError as error:
        raise BrokerError(f"{file}: {error.strerror}") from error
    except (ValueError, x509.ExtensionNotFound) as error:
        raise BrokerError(f"{file}: expected a PEM certificate with a name in it: {error}") from error
    dns = [name for name in names.get_values_for_type(x509.DNSName) if "*" not in name]
    return (dns or [str(address) for address in names.get_values_for_type(x509.IPAddress)] or [""])[0]


def _authority(file: Path, key_file: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    if file.exists() and key_file.exists():
        key = serialization.load_pem_private_key(key_file.read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError(f"{key_file.name}: expected an EC key")
        return x509.load_pem_x509_certificate(file.read_bytes()), key
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"Siaga broker {x509.random_serial_number() & 0xFFFFFFFF:08x}")
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        _builder(name, name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_private(key_file, _key_text(key))
    write_private(file, _text(certificate))
    return certificate, key


def _certificate(
    names: tuple[str, ...],
    public_key: ec.EllipticCurvePublicKey,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    return (
        _builder(_name(names[0][:64]), authority.subject, public_key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )


def _builder(subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_VALID_FROM)
        .not_valid_after(_VALID_TO)
    )


def _names_in(file: Path) -> set[str]:
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))}


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _text(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_text(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

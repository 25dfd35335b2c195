"""Makes and reads the organiser's key, Ed25519, signs with it, and checks what it has signed."""

from __future__ import annotations

import base64
import hashlib
import os
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.regular_files import open_regular
from mswal_bench.benchmark.core.whole_files import whole_file

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PUBLIC_FILE: Final = "organiser.pub"
"""The public key in a results folder: that of the first signed evaluation."""
PUBLIC_SUFFIX: Final = ".pub"
_MOST_BYTES = 16_384
"""Of a key or a signature, which may be anybody's files."""
_NO_KEY = "is not an Ed25519 key in PEM"


class Signature(BaseModel):
    """The content of a signature's file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    algorithm: Literal["ed25519"] = "ed25519"
    key: Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
    """The fingerprint of the key that signed."""
    signature: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{86}==$")]
    """Over the bytes of the file that is signed, in Base64."""


@dataclass(frozen=True)
class PublicKey:
    """What signatures are checked by. Two are equal if the key is, wherever it was read."""

    raw: bytes
    """The 32 bytes of the key."""
    where: str = field(default="", compare=False)
    """The file that it was read from."""

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the key in DER: what `openssl pkey -pubin -outform DER | sha256sum` prints of the file."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        der = self._key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return "sha256:" + hashlib.sha256(der).hexdigest()

    @property
    def pem(self) -> bytes:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        return self._key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def has_signed(self, content: bytes, signature: Signature) -> bool:
        from cryptography.exceptions import InvalidSignature

        try:
            self._key().verify(base64.b64decode(signature.signature), content)
        except InvalidSignature:
            return False
        return True

    def _key(self) -> Ed25519PublicKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        return Ed25519PublicKey.from_public_bytes(self.raw)


@dataclass(frozen=True, eq=False)
class SigningKey:
    """What only the organiser has."""

    key: Ed25519PrivateKey = field(repr=False)
    where: Path

    @cached_property
    def public(self) -> PublicKey:
        return PublicKey(self.key.public_key().public_bytes_raw(), str(self.where))

    def signed(self, content: bytes) -> bytes:
        """Writes the content of the signature's file."""
        signature = base64.b64encode(self.key.sign(content)).decode()
        return (Signature(key=self.public.fingerprint, signature=signature).model_dump_json() + "\n").encode()


def make_key(path: Path) -> SigningKey:
    """Makes a key: the private half in `path`, for its owner alone, and the public half beside it, in `path`.pub.

    A call that was killed between the two is finished by the next. Raises BenchError where one of them is there
    already, which is never replaced, and for what cannot be written.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    public = path.with_name(path.name + PUBLIC_SUFFIX)
    there = [each for each in (path, public) if os.path.lexists(each)]
    if there not in ([], [path]):
        mend = "Keep it, for what it has signed is checked by it, or give another name."
        raise BenchError(
            *(Problem("is there already, and a key is never replaced", str(each), mend=mend) for each in there)
        )
    is_new = False
    try:
        if there:
            made = read_signing_key(path)
        else:
            made = SigningKey(Ed25519PrivateKey.generate(), path)
            content = made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            # Never readable by others, not for a moment, and never over a file that has come meanwhile.
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
            is_new = True
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        with whole_file(public) as temporary:
            temporary.write_bytes(made.public.pem)
    except OSError as error:
        if is_new:
            with suppress(OSError):
                path.unlink()
        what = f"cannot be written ({error.strerror or error})"
        raise BenchError(Problem(what, str(error.filename or path))) from error
    return made


def read_signing_key(path: Path) -> SigningKey:
    """Raises BenchError for a file that is no private key, or one that a passphrase locks."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    mend = "`mswal-bench results keygen` makes one."
    try:
        key = load_pem_private_key(_read(path, mend), None)
    except TypeError as error:
        raise BenchError(Problem("is locked by a passphrase, which is not supported", str(path), mend=mend)) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BenchError(Problem(_NO_KEY, str(path), "the organiser's private key", mend=mend)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BenchError(Problem(_NO_KEY, str(path), "the organiser's private key", "a key of another kind", mend))
    return SigningKey(key, path)


def read_public_key(path: Path) -> PublicKey:
    """Raises BenchError for a file that is no public key."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(_read(path))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BenchError(Problem(_NO_KEY, str(path), "the organiser's public key")) from error
    if not isinstance(key, Ed25519PublicKey):
        raise BenchError(Problem(_NO_KEY, str(path), "the organiser's public key", "a key of another kind"))
    return PublicKey(key.public_bytes_raw(), str(path))


def read_signature(path: Path) -> Signature:
    """Raises BenchError for a file that is no signature."""
    try:
        return Signature.model_validate_json(_read(path))
    except ValidationError as error:
        raise BenchError(Problem("is not a signature of mswal-bench, or was changed", str(path))) from error


def organiser_of(results: Path, given: PublicKey | None) -> PublicKey | None:
    """Returns the key that the records of `results` are checked by: the one that is `given`, else the folder's own.

    None where there is neither. Raises BenchError where the folder has another one than is given.
    """
    path = results / PUBLIC_FILE
    if not os.path.lexists(path):
        return given
    own = read_public_key(path)
    if given is not None and own != given:
        what = "is not the key of the organiser that was given"
        raise BenchError(Problem(what, str(path), given.fingerprint, own.fingerprint))
    return given or own


def leave_public_key(results: Path, key: PublicKey) -> None:
    """Leaves the public key in `results`, where there is none yet. Raises BenchError as `organiser_of`, and OSError."""
    organiser_of(results, key)
    path = results / PUBLIC_FILE
    if not path.exists():
        with whole_file(path) as temporary:
            temporary.write_bytes(key.pem)


def _read(path: Path, mend: str = "") -> bytes:
    try:
        with open_regular(path) as file:
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise BenchError(Problem(f"cannot be read ({error.strerror or error})", str(path), mend=mend)) from error

"""The configured keys: who may call over TCP, with which secret, as what and how often."""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from edgeface.config import Config, KeyConfig, KeysFile
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import Role

if sys.version_info >= (3, 11):
    import tomllib
else:  # JetPack 6 has Python 3.10
    import tomli as tomllib

_NAME_DIGITS = 16
"""64 bits of a digest: enough that no two keys of a device share a name."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key pair. ``name`` stands for it where the key itself must not be seen: logs, tokens, counts."""

    name: str
    app_id: str
    key: str = field(repr=False)
    secret: bytes = field(repr=False)
    role: Role
    qps: float | None
    per_day: int | None
    total: int | None

    def has_secret(self, secret: str) -> bool:
        """Whether this is the secret, in a time that does not depend on where they differ."""
        return hmac.compare_digest(
            hashlib.sha256(self.secret).digest(), hashlib.sha256(secret.encode("utf-8", "replace")).digest()
        )


class Keyring:
    """Every key, found by what a caller shows."""

    def __init__(self, keys: Iterable[KeyConfig]) -> None:
        """Raises ``CONFIG_INVALID`` when a key stands there twice."""
        self._by_key: dict[str, ApiKey] = {}
        self._by_name: dict[str, ApiKey] = {}
        self._by_app: dict[str, list[ApiKey]] = {}
        for given in keys:
            key = _api_key(given)
            if key.key in self._by_key:
                raise EdgeFaceError(ErrorCode.CONFIG_INVALID, "keys: a key stands there twice.")
            self._by_key[key.key] = key
            self._by_name[key.name] = key
            if key.app_id:
                self._by_app.setdefault(key.app_id, []).append(key)

    @classmethod
    def open(cls, config: Config) -> Keyring:
        """The keys of the configuration and of its ``keys_file``.

        Raises ``CONFIG_INVALID`` when that file cannot be read, is open to others, or is wrong.
        """
        named = read_keys_file(config.keys_file) if config.keys_file is not None else ()
        return cls((*config.keys, *named))

    def __len__(self) -> int:
        return len(self._by_key)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all keys."""
        return tuple(self._by_name)

    def by_key(self, key: str) -> ApiKey | None:
        """By the key itself (client_id, AK, SecretId)."""
        return self._by_key.get(key)

    def by_name(self, name: str) -> ApiKey | None:
        """By the name that tokens and counts carry."""
        return self._by_name.get(name)

    def of_app(self, app_id: str) -> tuple[ApiKey, ...]:
        """The keys of an application; one may have several."""
        return tuple(self._by_app.get(app_id, ()))


def read_keys_file(file: Path) -> tuple[KeyConfig, ...]:
    """The ``[[keys]]`` tables of a file that only the daemon can read.

    No message of a failure shows what the file holds. Raises ``CONFIG_INVALID``.
    """
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as opened:
            mode = stat.S_IMODE(os.fstat(opened.fileno()).st_mode)
            data = opened.read()
    except OSError as error:
        raise EdgeFaceError(ErrorCode.CONFIG_INVALID, f"keys_file {file}: {error.strerror}.") from error
    # Readable for a group is allowed: systemd hands credentials over that way.
    if mode & 0o027:
        raise EdgeFaceError(ErrorCode.CONFIG_INVALID, f"keys_file {file} has mode {mode:o}, it must be 600.")
    try:
        return KeysFile.model_validate(tomllib.loads(data.decode("utf-8"))).keys
    except ValidationError as error:
        fields = "; ".join(f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors())
        # Not chained: pydantic's own text repeats the values.
        raise EdgeFaceError(ErrorCode.CONFIG_INVALID, f"keys_file {file}: {fields}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise EdgeFaceError(ErrorCode.CONFIG_INVALID, f"keys_file {file} is not TOML.") from None


def _api_key(given: KeyConfig) -> ApiKey:
    return ApiKey(
        name=hashlib.sha256(b"edgeface/key-name/" + given.key.encode()).hexdigest()[:_NAME_DIGITS],
        app_id=given.app_id,
        key=given.key,
        secret=given.secret.get_secret_value().encode(),
        role=Role(given.role),
        qps=given.qps,
        per_day=given.per_day,
        total=given.total,
    )

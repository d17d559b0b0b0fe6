"""The one encrypted table. First key encrypts, every key decrypts; rotation can be stopped and resumed."""

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from provisioning.domain.errors import PermanentError
from provisioning.domain.secrets import Secret
from provisioning.models import Resource, StoredSecret

Sealed = dict[int, dict[str, bytes]]  # resource id -> field -> ciphertext

_BATCH: Final = 500  # rows a rotation re-encrypts in one transaction: short enough to hold no lock long


@lru_cache(maxsize=4)
def _cipher(path: Path, stamp: tuple[float, int]) -> MultiFernet:
    keys = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    if not keys:
        raise ImproperlyConfigured(f"MCLOUD_VAULT_KEYS_FILE: {path} is empty.")
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise ImproperlyConfigured(f"MCLOUD_VAULT_KEYS_FILE: {path} holds something that is no key.") from error


def _current() -> MultiFernet:
    path = settings.VAULT_KEYS_FILE
    if path is None:
        raise ImproperlyConfigured("MCLOUD_VAULT_KEYS_FILE is not set.")
    try:
        stat = os.stat(path)
    except OSError as error:
        raise ImproperlyConfigured(f"MCLOUD_VAULT_KEYS_FILE: {path} cannot be read ({error.strerror}).") from error
    return _cipher(Path(path), (stat.st_mtime, stat.st_size))


def seal(secrets: Mapping[str, Secret]) -> dict[str, bytes]:
    """As they are kept: field -> ciphertext."""
    cipher = _current()
    return {field: cipher.encrypt(secret.reveal().encode()) for field, secret in secrets.items()}


def opened(sealed: Mapping[str, bytes]) -> dict[str, Secret]:
    """What `seal` made; PermanentError SecretLost when no key fits."""
    if not sealed:
        return {}
    cipher = _current()
    try:
        return {field: Secret(cipher.decrypt(ciphertext).decode()) for field, ciphertext in sealed.items()}
    except InvalidToken as error:
        raise PermanentError("No key of the vault fits it.", reason="SecretLost") from error


def store(resource: Resource, secrets: Mapping[str, Secret]) -> None:
    """Keep `secrets` for `resource`, in the caller's transaction; a field already kept is replaced."""
    rows = [StoredSecret(resource=resource, field=f, ciphertext=c) for f, c in seal(secrets).items()]
    StoredSecret.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["resource", "field"], update_fields=["ciphertext"]
    )


def sealed(resource_ids: list[int]) -> Sealed:
    """What is kept of several resources, in one query."""
    found: Sealed = {id: {} for id in resource_ids}
    if resource_ids:
        for row in StoredSecret.objects.filter(resource_id__in=resource_ids):
            found[row.resource_id][row.field] = bytes(row.ciphertext)
    return found


def read(resource_ids: list[int]) -> dict[int, dict[str, Secret]]:
    """The secrets of several resources, by resource id and field; PermanentError SecretLost."""
    return {id: opened(fields) for id, fields in sealed(resource_ids).items()}


def forget(resource: Resource) -> None:
    """Drop the secrets of a resource that is gone for good."""
    StoredSecret.objects.filter(resource=resource).delete()


def rotate(after: int = 0) -> int:
    """Re-encrypt the next batch with the first key; the last id done, or 0 when none was left."""
    cipher = _current()
    rows = list(StoredSecret.objects.filter(id__gt=after).order_by("id")[:_BATCH])
    for row in rows:
        old = bytes(row.ciphertext)
        StoredSecret.objects.filter(id=row.id, ciphertext=row.ciphertext).update(ciphertext=cipher.rotate(old))
    return rows[-1].id if rows else 0

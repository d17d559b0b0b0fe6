"""What the machine tells the portal, read once, typed, and loud when it is wrong.

Every setting is `MCLOUD_<NAME>` in the environment. Secrets are never values: they are paths of files,
so that they do not show in a process list or a crash report.
"""

from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class Env(BaseSettings):
    """One field a setting; the defaults are those of the embedded portal that `make up` starts."""

    model_config = SettingsConfigDict(env_prefix="MCLOUD_", extra="forbid")

    data_dir: Path = Field(default=ROOT / ".run" / "data", description="Everything the portal writes itself.")
    secret_key_file: Path | None = Field(default=None, description="Signs sessions; at least 50 characters.")
    vault_keys_file: Path | None = Field(default=None, description="One Fernet key a line; the first encrypts.")
    region_file: Path | None = Field(default=None, description="Sites and platforms (YAML).")
    database_url: str = Field(default="", repr=False, description="postgres://… ; empty: SQLite.")
    database_url_file: Path | None = Field(default=None, description="The same URL in a file: it holds a password.")
    statement_timeout_s: int = Field(default=15, ge=1, description="PostgreSQL ends a statement that takes longer.")
    broker_url: str = Field(default="", repr=False, description="redis://… ; empty: a folder in the data folder.")
    allowed_hosts: str = Field(default="127.0.0.1,localhost", description="Comma separated.")
    base_url: str = Field(default="http://127.0.0.1:8000", description="How people reach the portal.")
    mail_host: str = Field(default="", description="Mail server; empty: mails are files in the data folder.")
    mail_port: int = Field(default=25, ge=1, le=65535)
    mail_user: str = ""
    mail_password_file: Path | None = Field(default=None, description="Its password, when it wants one.")
    mail_tls: Literal["none", "starttls", "tls"] = "none"
    mail_from: str = Field(default="mcloud@region.example", description="Who mails are from.")
    pec_host: str = Field(
        default="", description="Server that mails to PEC addresses; empty: the mail server above."
    )
    pec_port: int = Field(default=465, ge=1, le=65535)
    pec_user: str = ""
    pec_password_file: Path | None = Field(default=None, description="Its password, when it wants one.")
    pec_tls: Literal["none", "starttls", "tls"] = "tls"
    pec_from: str = Field(default="", description="The region's own PEC address; empty: the address above.")
    region_mfa: Literal["required", "optional"] = Field(
        default="required", description="A second factor for the region's people; optional is for demos."
    )
    mode: Literal["embedded", "production"] = "embedded"
    debug: bool = False
    demo: bool = Field(default=False, description="Demo people may log in; their passwords stand in the README.")


def read_env() -> Env:
    """The settings, or a refusal to start that names the variable at fault."""
    try:
        return Env()
    except ValidationError as error:
        lines = [f"MCLOUD_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()]
        raise ImproperlyConfigured("; ".join(lines)) from error


def read_secret(path: Path | None, name: str) -> str:
    """The content of a secret file, stripped; refuses a missing, unreadable or empty one by name."""
    if path is None:
        raise ImproperlyConfigured(f"MCLOUD_{name} is not set: it must name a file that holds the secret.")
    try:
        content = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"MCLOUD_{name}: {path} cannot be read ({error.strerror}).") from error
    if not content:
        raise ImproperlyConfigured(f"MCLOUD_{name}: {path} is empty.")
    return content


def database(url: str, data_dir: Path, timeout_s: int = 15) -> dict[str, Any]:
    """Django's database entry for a URL. SQLite waits for its lock instead of failing at once."""
    if not url or url.startswith("sqlite:"):
        name = urlsplit(url).path if url else str(data_dir / "portal.sqlite3")
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": name,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
        }
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured(f"MCLOUD_DATABASE_URL: {parts.scheme}:// is not a database this portal knows.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # A page or a step that takes longer is a defect; better an error than a pile of held locks.
        "OPTIONS": {"connect_timeout": 5, "options": f"-c statement_timeout={timeout_s}s -c lock_timeout=5s"},
    }


def mail(env: Env) -> dict[str, Any]:
    """Django's mail settings. Without a server each mail is a file: nothing is lost, and nobody is bothered."""
    settings: dict[str, Any] = {"DEFAULT_FROM_EMAIL": env.mail_from, "SERVER_EMAIL": env.mail_from}
    if not env.mail_host:
        return settings | {
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "EMAIL_FILE_PATH": str(env.data_dir / "mail"),
        }
    password = read_secret(env.mail_password_file, "MAIL_PASSWORD_FILE") if env.mail_user else ""
    return settings | {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": env.mail_host,
        "EMAIL_PORT": env.mail_port,
        "EMAIL_HOST_USER": env.mail_user,
        "EMAIL_HOST_PASSWORD": password,
        "EMAIL_USE_TLS": env.mail_tls == "starttls",
        "EMAIL_USE_SSL": env.mail_tls == "tls",
        "EMAIL_TIMEOUT": 10,
    }


def pec(env: Env) -> dict[str, Any]:
    """The connection that reaches PEC addresses: many refuse ordinary mail, so the region's own PEC provider can be
    named. Empty: that of every other mail.
    """
    if not env.pec_host:
        return {}
    password = read_secret(env.pec_password_file, "PEC_PASSWORD_FILE") if env.pec_user else ""
    return {
        "backend": "django.core.mail.backends.smtp.EmailBackend",
        "host": env.pec_host,
        "port": env.pec_port,
        "username": env.pec_user,
        "password": password,
        "use_tls": env.pec_tls == "starttls",
        "use_ssl": env.pec_tls == "tls",
        "timeout": 10,
    }


def broker(url: str, data_dir: Path) -> dict[str, Any]:
    """Celery's broker settings. The broker is a doorbell: losing it costs a second, never work."""
    if url:
        return {
            "CELERY_BROKER_URL": url,
            "CELERY_BROKER_TRANSPORT_OPTIONS": {
                "visibility_timeout": 60,
                "socket_connect_timeout": 1,
                "socket_timeout": 5,
                "socket_keepalive": True,
                "health_check_interval": 10,
            },
        }
    folder = data_dir / "broker"
    folder.mkdir(parents=True, exist_ok=True)
    return {
        "CELERY_BROKER_URL": "filesystem://",
        "CELERY_BROKER_TRANSPORT_OPTIONS": {
            "data_folder_in": str(folder),
            "data_folder_out": str(folder),
            "control_folder": str(folder / "control"),
            "polling_interval": 0.1,
        },
    }

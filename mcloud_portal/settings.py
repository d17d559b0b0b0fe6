"""Settings, from `env.py`. Anything missing or wrong stops the process with the name of what is at fault."""

import secrets
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from mcloud_portal.env import ROOT, broker, database, mail, pec, read_env, read_secret

ENV = read_env()
BASE_DIR = ROOT
ENV.data_dir.mkdir(parents=True, exist_ok=True)

DEBUG = ENV.debug
PRODUCTION = ENV.mode == "production"


def _embedded_secret(name: str, make: Any) -> Path:
    """The embedded portal makes its own secrets once, readable by its user only; production never does."""
    path = ENV.data_dir / name
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(make(), encoding="utf-8")
    return path


def _fernet_key() -> str:
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode()


_secret_key_file = ENV.secret_key_file
VAULT_KEYS_FILE = ENV.vault_keys_file
if not PRODUCTION:
    _secret_key_file = _secret_key_file or _embedded_secret("secret.key", lambda: secrets.token_urlsafe(64))
    VAULT_KEYS_FILE = VAULT_KEYS_FILE or _embedded_secret("vault.keys", _fernet_key)
SECRET_KEY = read_secret(_secret_key_file, "SECRET_KEY_FILE")
if PRODUCTION:
    read_secret(VAULT_KEYS_FILE, "VAULT_KEYS_FILE")

REGION_FILE = ENV.region_file
DEMO = ENV.demo
BASE_URL = ENV.base_url.rstrip("/")
ALLOWED_HOSTS = [h.strip() for h in ENV.allowed_hosts.split(",") if h.strip()]
CSRF_TRUSTED_ORIGINS = [BASE_URL]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "csp",
    "rules",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "bootstrap_italia_template",  # its static files only: its own base template breaks our CSP
    "tenants",
    "provisioning",
    "elaastic",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "tenants.middleware.NothingTooLarge",  # before the first that reads a form, which is the next
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "tenants.middleware.SecondFactorOfTheRegion",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "mcloud_portal.urls"
WSGI_APPLICATION = "mcloud_portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "mcloud_portal.context.frame",
            ],
        },
    },
]

_database_url = ENV.database_url
if ENV.database_url_file:
    _database_url = read_secret(ENV.database_url_file, "DATABASE_URL_FILE")
DATABASES = {"default": database(_database_url, ENV.data_dir, ENV.statement_timeout_s)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        # One for all web processes, and it outlives them. Only the login pages use it.
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "tenants_cacherow",
        # Beyond it Django forgets a third, whatever it is, so that who fills it is forgotten too. The limits let an
        # address make some fifty rows a minute, and what expired is removed within the hour.
        "OPTIONS": {"MAX_ENTRIES": 1_000_000},
    },
}

# -- people ----------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "tenants.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "rules.permissions.ObjectPermissionBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "CommonPasswordValidator", "NumericPasswordValidator")
] + [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_ADAPTER = "tenants.services.accounts.AccountAdapter"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
MFA_ADAPTER = "tenants.services.accounts.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
AXES_VERBOSE = False
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "tenants.services.accounts.who_signs_in"
AXES_LOCKOUT_TEMPLATE = "account/locked_out.html"
# Ten wrong passwords or codes of a person in a quarter of an hour, from wherever; axes is stricter for one address.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/900s/key"}
globals().update(mail(ENV))
PEC_FROM = ENV.pec_from or ENV.mail_from
PEC_CONNECTION: dict[str, Any] = pec(ENV)
REGION_MFA = ENV.region_mfa

# -- pages -----------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "it"
LANGUAGES = [("it", _("Italian")), ("en", _("English"))]
LOCALE_PATHS = [ROOT / "locale"]
TIME_ZONE = "Europe/Rome"
USE_TZ = True
STATIC_URL = "/static/"
# Images on their way from an archive to the platform that starts them; a worker removes what it put there.
SPOOL_DIR = ENV.data_dir / "spool"
STATIC_ROOT = ENV.data_dir / "static"
STATICFILES_DIRS = [ROOT / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage",
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    },
}
SESSION_COOKIE_AGE = 10 * 3600  # a working day: who comes back tomorrow signs in again
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
if PRODUCTION:
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    # A browser takes these names from this very host only, over TLS, for the whole site.
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
    LANGUAGE_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = ["^healthz$"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31536000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # bodies over 1 MiB: 413; of pages with their files, unread

# -- the doorbell ----------------------------------------------------------------------------------------------
globals().update(broker(ENV.broker_url, ENV.data_dir))
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = False  # the row is due anyway; a redelivered doorbell adds nothing
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CONSUMER = "mcloud_portal.consumer:EagerConsumer"
CELERY_TASK_DEFAULT_QUEUE = "portal"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
# One more bell for the sweep, for installations that run beat; every worker process sweeps by itself anyway.
CELERY_BEAT_SCHEDULE = {"look": {"task": "mcloud_portal.look", "schedule": 5.0, "options": {"expires": 5}}}

# -- the API ---------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "tenants.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["tenants.api.permissions.DenyByDefault"],
    "DEFAULT_RENDERER_CLASSES": ["tenants.api.rendering.JsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "tenants.api.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,  # `?format=` is an unknown parameter like any other
}
SPECTACULAR_SETTINGS = {
    "TITLE": "ELaaStic",
    "DESCRIPTION": "Backup and disaster recovery for local authorities.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/rest/elaastic/v1",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "AuthorityKind": "tenants.models.AuthorityKind",
        "AuthorityState": "tenants.models.AuthorityState",
        "MemberRole": "tenants.models.MemberRole",
        "UserKind": "tenants.models.UserKind",
        "RegistrationState": "tenants.models.RegistrationState",
        "RequestKind": "elaastic.models.RequestKind",
    },
}

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    # These print request bodies, and with them keys and passwords, at INFO or DEBUG.
    "loggers": {
        name: {"level": "WARNING"}
        for name in ("proxmoxer", "botocore", "boto3", "urllib3", "keystoneauth", "openstack", "rgwadmin")
    },
}

"""All settings, and the only reader of the environment.

Without any variable set, the values that the embedded services wrote to `$CRM_HOME/env` are used,
so that `python manage.py …` works beside a running `make start`.
"""

import re
from pathlib import Path
from typing import Any

import environ
from django.utils.translation import gettext_lazy as _

from crm import logs
from crm.celery import schedule
from crm.embedded.home import default_home

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
CRM_HOME = Path(env.str("CRM_HOME", default=str(default_home(BASE_DIR))))
environ.Env.read_env(CRM_HOME / "env")
environ.Env.read_env(BASE_DIR / ".env")

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
HTTPS = env.bool("HTTPS", default=False)
CRM_KEY_FILE = env.str("CRM_KEY_FILE", default=str(CRM_HOME / "keys.json"))
AUDIT_ANCHOR_FILE = env.str("AUDIT_ANCHOR_FILE", default=str(CRM_HOME / "audit-anchors.jsonl"))
CRM_FEED_FOLDER = Path(env.str("CRM_FEED_FOLDER", default=str(CRM_HOME / "feeds")))
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

INSTALLED_APPS = [
    "crm.organization",
    "crm.audit",
    "crm.jobs",
    "customers",
    "archives",
    "segments",
    "campaigns",
    "crm.workbench",
    "crm.demo",
    "template_partials",
    "django_filters",
    "django_htmx",
    "crm.workbench.apps.SignInGuardConfig",
    "crm.workbench.apps.ConfigurationAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
]

MIDDLEWARE = [
    "crm.health.ProbeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "crm.workbench.middleware.SecurityHeadersMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "crm.organization.sessions.SessionLimitMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "crm.workbench.middleware.SignInFirstMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    # Outside ScopeMiddleware, which rolls back what ends in an error: a lockout is one, and its attempts must stay.
    "axes.middleware.AxesMiddleware",
    "crm.organization.middleware.ScopeMiddleware",
    "crm.workbench.problems.ProblemMiddleware",
]
CSRF_FAILURE_VIEW = "crm.workbench.problems.stale_form"

ROOT_URLCONF = "crm.urls"
WSGI_APPLICATION = "crm.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "crm.workbench.shell.shell",
            ],
        },
    }
]


def database(variable: str, *, pool: bool = False) -> dict[str, Any]:
    """One alias of one database role; the role is what the alias stands for."""
    config: dict[str, Any] = env.db_url_config(env.str(variable, default="postgres:///crm"))
    config["CONN_MAX_AGE"] = 0
    config["CONN_HEALTH_CHECKS"] = True
    config["ATOMIC_REQUESTS"] = False
    options = config.setdefault("OPTIONS", {})
    options["application_name"] = f"dangan {variable}"
    if pool:
        options["pool"] = {"min_size": 2, "max_size": 8, "timeout": 5}
    return config


# default = crm_app (web, row-level security binds it) · audit = the same role on a connection of its own, so that
# an entry stands although the request rolls back · batch = crm_batch (the night) · owner = crm_owner (migrations)
DB_POOL = env.bool("DB_POOL", default=False)
DATABASES = {
    "default": database("DATABASE_URL", pool=DB_POOL),
    "audit": database("DATABASE_URL", pool=DB_POOL),
    "batch": database("DATABASE_BATCH_URL"),
    "owner": database("DATABASE_OWNER_URL"),
}
# No page is worth a longer statement: it is stopped, and its reader told so, long before the web server gives up.
PAGE_STATEMENT_SECONDS = env.float("PAGE_STATEMENT_SECONDS", default=20)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# redis://, rediss:// or unix://; the cache reads it as it stands, Celery has another word for a Unix socket.
REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

AUTH_USER_MODEL = "organization.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "crm.organization.backends.RoleBackend"]
PASSWORD_HASHERS = [
    "crm.organization.hashers.Argon2Hasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "workbench:today"
LOGOUT_REDIRECT_URL = "login"
AXES_USERNAME_FORM_FIELD = "username"  # else django-axes looks for `staff_no`, finds nothing and locks the address
AXES_FAILURE_LIMIT = env.int("LOGIN_FAILURE_LIMIT", default=5)
AXES_COOLOFF_TIME = env.float("LOGIN_LOCKOUT_HOURS", default=0.5)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "crm.workbench.sign_in.locked"
AXES_ENABLE_ADMIN = False  # crm.workbench.admin shows and clears them, with an entry in the audit trail
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "crm.audit.trail.address_of"

# Sessions live in PostgreSQL: a lost Redis signs nobody out.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 60 * env.int("SESSION_IDLE_MINUTES", default=30)
SESSION_LONGEST_SECONDS = 3600 * env.int("SESSION_LONGEST_HOURS", default=8)
SESSION_SAVE_EVERY_REQUEST = False
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

REVEALS_AN_HOUR = env.int("REVEALS_AN_HOUR", default=30)
REVEALS_A_DAY = env.int("REVEALS_A_DAY", default=200)
SEARCHES_A_MINUTE = env.int("SEARCHES_A_MINUTE", default=90)
SEARCHES_A_DAY = env.int("SEARCHES_A_DAY", default=1500)
# Exports: up to how many rows nobody need approve, and how many a member of staff may take out in a day.
EXPORT_ROWS_UNAPPROVED = env.int("EXPORT_ROWS_UNAPPROVED", default=200)
EXPORT_ROWS_A_DAY = env.int("EXPORT_ROWS_A_DAY", default=5000)

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("zh-hant", _("Traditional Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(CRM_HOME / "staticfiles")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": CRM_HOME / "media"}},
    "staticfiles": {
        "BACKEND": env.str("STATICFILES_BACKEND", default="whitenoise.storage.CompressedManifestStaticFilesStorage")
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
FEED_UPLOAD_MAX_BYTES = env.int("FEED_UPLOAD_MAX_BYTES", default=2_000_000_000)

CELERY_BROKER_URL = re.sub(r"^unix://(.*?)(?:\?db=(\d+))?$", r"redis+socket://\1?virtual_host=\2", REDIS_URL)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {"customers.tasks.load_upload": {"queue": "batch"}}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
}
CELERY_TIMEZONE = TIME_ZONE
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# How many customers a chunk of the night covers, and after how long a silent worker's chunk is given to another.
NIGHT_CHUNK_CUSTOMERS = env.int("NIGHT_CHUNK_CUSTOMERS", default=25_000)
CHUNK_LEASE_SECONDS = env.int("CHUNK_LEASE_SECONDS", default=15)
NIGHTLY_AT = env.str("NIGHTLY_AT", default="06:00")
CELERY_BEAT_SCHEDULE = schedule(NIGHTLY_AT, sweep_seconds=env.float("SWEEP_SECONDS", default=60))

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOG_FORMAT = env.str("LOG_FORMAT", default="console" if DEBUG else "json")
logs.configure(LOG_LEVEL, LOG_FORMAT)

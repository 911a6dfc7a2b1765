"""The web process. Only it pools database connections: Celery closes a pool at every task."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
os.environ.setdefault("DB_POOL", "1")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from crm.checks import refuse_to_serve_unsafely  # noqa: E402

refuse_to_serve_unsafely()

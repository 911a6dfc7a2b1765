"""All addresses, in one place per app."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.i18n import set_language

from crm import health
from crm.workbench import component_page, display, problems, sign_in

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("admin/", admin.site.urls),
    path("login/", sign_in.SignIn.as_view(), name="login"),
    path("logout/", sign_in.SignOut.as_view(), name="logout"),
    path("password/", sign_in.PasswordChange.as_view(), name="password_change"),
    path("language/", login_not_required(set_language), name="set_language"),
    path("display/", display.Choose.as_view(), name="display"),
    path("_components/", component_page.components, name="components"),
    path("customers/", include("customers.urls")),
    path("exports/", include("crm.workbench.exports_urls")),
    path("feeds/", include("customers.feed_urls")),
    path("segments/", include("segments.urls")),
    path("tiers/", include("crm.workbench.tier_urls")),
    path("jobs/", include("crm.workbench.jobs_urls")),
    path("", include("campaigns.urls")),
    path("", include("archives.urls")),
    path("", include("crm.workbench.urls")),
]

handler400 = problems.bad_request
handler403 = problems.denied
handler404 = problems.missing
handler500 = problems.failed

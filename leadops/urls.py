"""Every address that leadops answers."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from leadops import health, metrics
from leadops.console.people.welcome import ChoosePassword

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/welcome/<uidb64>/<token>/", ChoosePassword.as_view(), name="choose_password"),
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("api/", include("leadops.api.urls")),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", metrics.metrics, name="metrics"),
]

handler400 = "leadops.console.error_pages.bad_request"
handler403 = "leadops.console.error_pages.forbidden"
handler404 = "leadops.console.error_pages.not_found"
handler500 = "leadops.console.error_pages.server_error"

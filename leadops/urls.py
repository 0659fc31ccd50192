"""Every address that leadops answers."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from leadops import health, metrics
from leadops.console.people.welcome import ChoosePassword
from leadops.console.signing_in import password, second_step, sign_on

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/welcome/<uidb64>/<token>/", ChoosePassword.as_view(), name="choose_password"),
    path("admin/login/", password.LoginPage.as_view()),
    path("admin/login/code/", second_step.LoginCode.as_view(), name="login-code"),
    path("admin/second-step/", second_step.SecondStep.as_view(), name="second-step"),
    path("admin/sign-on/", sign_on.Away.as_view(), name="sign-on"),
    path("admin/sign-on/back/", sign_on.Back.as_view(), name="sign-on-back"),
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

"""The login page: a password, and the button of single sign-on."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import AbstractBaseUser, User
from django.contrib.auth.views import LoginView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from unfold.forms import AuthenticationForm

from leadops.access import openid
from leadops.console.signing_in import second_step


class PasswordForm(AuthenticationForm):
    def confirm_login_allowed(self, user: AbstractBaseUser) -> None:
        super().confirm_login_allowed(user)
        if not settings.LEADOPS_PASSWORD_LOGIN and not (isinstance(user, User) and user.is_superuser):
            raise ValidationError("Passwords are for superusers only here: use the button above.")


class LoginPage(LoginView):
    """In front of the admin's own, at the same address."""

    template_name = "leadops/signing_in/login.html"
    form_class = PasswordForm

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if admin.site.has_permission(request):
            return HttpResponseRedirect(reverse("admin:index"))
        return super().get(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        return second_step.after_password(self.request, form.get_user(), following=self.get_success_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        address = reverse("sign-on")
        if following := self.get_redirect_url():
            address += f"?{urlencode({'next': following})}"
        context = {
            **admin.site.each_context(self.request),
            "title": "Log in",
            "app_path": self.request.get_full_path(),
            "username": self.request.user.get_username(),
            "sign_on_url": address if openid.is_set_up() else "",
            "sign_on_name": settings.LEADOPS_OIDC_NAME,
            "fold_password": openid.is_set_up() and not settings.LEADOPS_PASSWORD_LOGIN,
        }
        return super().get_context_data(**{**context, **kwargs})

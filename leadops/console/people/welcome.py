"""Where somebody who was let in chooses a password: no login is needed, the link is the proof."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpResponse
from django.urls import reverse_lazy
from unfold.widgets import UnfoldAdminPasswordWidget


class ChoosePasswordForm(SetPasswordForm):  # type: ignore[type-arg]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})


class ChoosePassword(PasswordResetConfirmView):
    form_class = ChoosePasswordForm
    template_name = "leadops/people/choose_password.html"
    title = "Choose a password"
    success_url = reverse_lazy("admin:login")

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        messages.success(self.request, f"Your password is set. Sign in as {form.user.get_username()}.")
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        if not self.validlink:
            context["title"] = "This link has ended"
        return {**admin.site.each_context(self.request), **context, "who": self.user}

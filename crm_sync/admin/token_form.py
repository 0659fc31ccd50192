"""Where a token may be entered, and what it is bound to."""

from collections.abc import Mapping
from typing import Any

from unfold.widgets import UnfoldAdminTextInputWidget

from crm_sync.connection.connecting import may_be_sent
from crm_sync.connectors import connector_class
from crm_sync.models import CrmConnection
from plumbing.admin_kit.form_fields import SecretsForm

# What decides about where a connection's calls go.
_ADDRESS = ("kind", "base_url")


class ConnectionTokenForm(SecretsForm):
    """For forms of a connection with `token` and `token_env` among their fields; `clean` has to call `bind_the_token`."""

    def bind_the_token(self, cleaned: Mapping[str, Any]) -> None:
        """A token is for the address that it was entered for: whoever may change the address cannot send it elsewhere."""
        wanted = {name: cleaned.get(name, getattr(self.instance, name)) for name in _ADDRESS}
        goes_to = CrmConnection(**wanted).address.rstrip("/")
        stored = CrmConnection.objects.filter(pk=self.instance.pk).first()
        typed = self.data.get(self.add_prefix("token")) or ""
        if stored and stored.token and not typed and goes_to != stored.address.rstrip("/"):
            self.add_error(
                "token", "The address is another one: enter the token for it, or - to remove the old one."
            )
        variable = cleaned.get("token_env", self.instance.token_env)
        if variable and not may_be_sent(variable, goes_to, kind=wanted["kind"]):
            self.add_error(
                "token_env",
                f"What {variable} holds is not sent to {goes_to} from here: use a configuration file (config apply), "
                "or enter a token and leave this empty.",
            )


class AccessForm(ConnectionTokenForm):
    """The token, and what else the CRM asks for to let us in."""

    secret_fields = ("token",)
    variable_fields = ("token_env",)

    class Meta:
        model = CrmConnection
        fields = ["client_id", "username", "token", "token_env"]
        labels = {"client_id": "Client id", "token_env": "Or its variable"}
        help_texts = {
            "token_env": "The environment variable that holds it, where it is not to be stored here."
        }
        widgets = dict.fromkeys(("client_id", "username", "token_env"), UnfoldAdminTextInputWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = connector_class(self.instance.kind)
        for name in ("client_id", "username"):
            if found is None or name not in found.credentials:
                del self.fields[name]
            else:
                self.fields[name].help_text = f"{found.label}: {found.credentials[name]}."

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            self.bind_the_token(cleaned)
        return cleaned

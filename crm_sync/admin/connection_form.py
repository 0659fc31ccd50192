"""The form of a connection: what people enter, and what is wrong with it in their words."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from crm_sync.admin.mappings import ANYWAY_LABEL
from crm_sync.admin.token_form import ConnectionTokenForm
from crm_sync.connection_settings import BornThere
from crm_sync.connectors import (
    CONNECTORS,
    can,
    connector_class,
    kinds,
    kinds_that_ask_for,
    label_of_kind,
    version_of,
)
from crm_sync.connectors.access import Access
from crm_sync.connectors.base import Connector
from crm_sync.connectors.budget import Budget
from crm_sync.models import CrmConnection, KnownContact
from intake.models import IntakeForm
from plumbing import private_addresses
from plumbing.admin_kit.form_fields import PartsForm, WordsField
from routing.admin.conditions import ConditionField
from routing.engine.scoring import SEGMENTS

MASTERS = (
    ("", "as by default"),
    ("leadops", "leadops"),
    ("crm", "The CRM"),
    ("most_recent", "Whoever wrote last"),
)
# What a new connection begins with: we decide who owns a lead, and people there how far they have got.
_USUAL_MASTERS = {"master_owner": "leadops", "master_lifecycle": "crm"}
# So many contacts say what a word of the CRM looks like.
_NEWEST = 500


# Fields that are only for what can do it.
ONLY_WHERE = {
    "reads": (
        "api_version", "master_default", "known_owner", "recycled", "look_up_ms", "poll_seconds", "born_active",
        "born_only_without_owner", "born_created_after", "born_per_minute", "born_lifecycles", "born_sources",
    ),
    "tasks": ("task_when", "task_subject"),
}  # fmt: skip


def hidden_from(kind: str) -> set[str]:
    """Fields that would do nothing for a connection of this kind."""
    return {
        name
        for capability, names in ONLY_WHERE.items()
        if not getattr(can(kind), capability)
        for name in names
    }


class ConnectionForm(ConnectionTokenForm, PartsForm):
    kind = forms.ChoiceField(label="CRM", widget=UnfoldAdminSelectWidget())
    api_version = forms.ChoiceField(
        label="Version of its API", required=False, widget=UnfoldAdminSelectWidget()
    )
    secret_fields = ("token", "webhook_secret")
    variable_fields = ("token_env", "webhook_secret_env")
    json_parts = {
        "system_of_record": {
            "owner": "master_owner",
            "lifecycle": "master_lifecycle",
            "default": "master_default",
        },
        "task": {"when": "task_when", "subject": "task_subject"},
        "born_there": {
            "active": "born_active",
            "created_after": "born_created_after",
            "lifecycles": "born_lifecycles",
            "sources": "born_sources",
            "only_without_owner": "born_only_without_owner",
            "per_minute": "born_per_minute",
        },
    }

    when = ConditionField(
        label="Leads that go there",
        always="Every lead.",
        help_text="Asked when a lead is to be written there for the first time; what has a record is kept in step, until it "
        "belongs into another connection that has conditions instead.",
    )
    recycled = WordsField(
        label="Recycled statuses",
        required=False,
        help_text="Lead statuses as the CRM writes them, with commas. With “Route anew”: who has one goes to somebody new.",
    )
    switch_off_anyway = forms.BooleanField(
        label=ANYWAY_LABEL, required=False, widget=UnfoldBooleanSwitchWidget()
    )
    master_owner = forms.ChoiceField(
        label="Owner",
        choices=MASTERS,
        required=False,
        widget=UnfoldAdminSelectWidget(),
    )
    master_lifecycle = forms.ChoiceField(
        label="Status", choices=MASTERS, required=False, widget=UnfoldAdminSelectWidget()
    )
    master_default = forms.ChoiceField(
        label="All other fields",
        choices=[("", "Whoever wrote last"), *MASTERS[1:]],
        required=False,
        widget=UnfoldAdminSelectWidget(),
    )
    task_when = forms.MultipleChoiceField(
        label="Make a task for",
        choices=[(segment, segment) for segment in SEGMENTS],
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text="One per lead and clock, due when the first answer is due. None ticked: no tasks.",
    )
    task_subject = forms.CharField(
        label="Subject",
        required=False,
        widget=UnfoldAdminTextInputWidget({"placeholder": "Call {full_name} ({company})"}),
        help_text="Names of our fields in braces are filled in.",
    )

    born_active = forms.BooleanField(
        label="Contacts made there become leads",
        required=False,
        widget=UnfoldBooleanSwitchWidget(),
        help_text="By a person, an import, a chat or another form: each once, by the same rules, linked to its record. "
        "Rules name them as the form with this connection's key.",
    )
    born_created_after = forms.CharField(
        label="Made there since",
        required=False,
        widget=UnfoldAdminTextInputWidget({"placeholder": "2026-11-27"}),
        help_text="A date, or a moment such as 2026-11-27T09:00+01:00. Older contacts stay what they are.",
    )
    born_lifecycles = WordsField(
        label="Only lifecycles", required=False, help_text="As the CRM writes them, with commas. Empty: all."
    )
    born_sources = WordsField(
        label="Only sources", required=False, help_text="As the CRM writes them, with commas. Empty: all."
    )
    born_only_without_owner = forms.BooleanField(
        label="Only those whom nobody has there", required=False, widget=UnfoldBooleanSwitchWidget()
    )
    born_per_minute = forms.IntegerField(
        label="At most a minute",
        required=False,
        min_value=1,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=f"An import goes to your people at this rate. Empty: {BornThere().per_minute}.",
    )

    class Meta:
        model = CrmConnection
        fields = [
            "key", "kind", "primary", "base_url", "api_version",
            "client_id", "username", "token", "token_env", "webhook_secret", "webhook_secret_env", "active",
            "when", "known_owner", "on_duplicate", "recycled", "look_up_ms", "poll_seconds",
        ]  # fmt: skip
        labels = {
            "base_url": "Address",
            "client_id": "Client id",
            "token_env": "Token's variable",
            "webhook_secret_env": "Secret's variable",
            "known_owner": "Whoever has their record",
            "on_duplicate": "When a rule says they are there already",
            "look_up_ms": "Longest question, in ms",
            "poll_seconds": "Asked for changes every, in s",
        }
        help_texts = {
            "on_duplicate": "Admins there make rules about duplicates, and such a rule refuses the lead. Linked: the lead's "
            "values are written into that record, whose owner is kept as said above. Where a rule blocks, nothing can be saved "
            "anyway, and a person is asked.",
            "key": "Stands in the webhook address.",
            "webhook_secret_env": "Or: the environment variable that holds it.",
            "poll_seconds": "This way changes come in also where the CRM sends no webhooks. 5 to 86400.",
            "look_up_ms": "About people whom the mirror does not know, before they are routed. 0 never asks; at most 5000.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            # Its token, rights and lines come next: nothing is written before somebody says so.
            self.instance.mode = CrmConnection.Mode.OBSERVE
            for name, who in _USUAL_MASTERS.items():
                self.initial.setdefault(name, who)
        if "base_url" in self.fields:
            self.fields["base_url"].help_text = _addresses()
        for name in ("client_id", "username"):
            if name in self.fields:
                self.fields[name].help_text = _asked_for(name)
        for name, column in (("born_lifecycles", "lifecycle"), ("born_sources", "source")):
            if name in self.fields and (seen := _seen_there(self.instance, column)):
                self.fields[name].help_text += f" Seen there lately: {', '.join(seen)}."
        if "kind" in self.fields:
            self._choices("kind", _kinds(self.instance.kind))
            asked = self.data.get(self.add_prefix("kind")) if self.is_bound else ""
            # Of a new one nobody knows yet which CRM it will be.
            kind = asked or (self.instance.kind if self.instance.pk else "")
            if "api_version" in self.fields:
                self._choices("api_version", _versions(kind, self.instance.api_version))

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        found = connector_class(cleaned.get("kind", ""))
        if (
            found
            and not cleaned.get("base_url")
            and not found.default_address
            and "base_url" not in self.errors
        ):
            self.add_error("base_url", f"{found.label} has no address that all accounts share: enter yours.")
        elif found and "base_url" not in self.errors:
            self._check_address(found, cleaned)
        if found and "client_id" in found.credentials and not cleaned.get("client_id"):
            self.add_error("client_id", f"{found.label} asks for it: {found.credentials['client_id']}.")
        if not self.errors:
            self.bind_the_token(cleaned)
        return cleaned

    def _check_address(self, made: type[Connector], cleaned: Mapping[str, Any]) -> None:
        version = version_of(cleaned["kind"], cleaned.get("api_version") or "")
        try:
            if version is not None:
                made(Access(cleaned.get("base_url") or made.default_address, version.name, "", Budget({})))
        except ValueError as error:
            self.add_error("base_url", str(error))

    def clean_born_created_after(self) -> str:
        """Whoever switches it on and says nothing means from now on."""
        said: str = self.cleaned_data["born_created_after"].strip()
        return said or (
            timezone.now().isoformat("T", "minutes") if self.cleaned_data.get("born_active") else ""
        )

    def clean_born_active(self) -> bool:
        active: bool = self.cleaned_data["born_active"]
        key = self.cleaned_data.get("key", self.instance.key)
        other = IntakeForm.objects.filter(key=key).exclude(kind=IntakeForm.Kind.CRM).first()
        if active and other is not None:
            raise ValidationError(
                f"They come in by a form with the key “{key}”, and the form “{other.name}” has it. Give that one another key."
            )
        return active

    def clean_base_url(self) -> str:
        address: str = self.cleaned_data["base_url"]
        try:
            private_addresses.refuse(address)
        except private_addresses.PrivateAddress as inside:
            raise ValidationError(str(inside)) from inside
        return address

    def clean_primary(self) -> bool:
        primary: bool = self.cleaned_data["primary"]
        other = CrmConnection.objects.filter(primary=True).exclude(pk=self.instance.pk).first()
        if primary and other:
            raise ValidationError(f"“{other}” is the primary one already. Clear it there first.")
        return primary


def _addresses() -> str:
    """Where nothing has to be entered, and where every account has an address of its own."""
    found = [each for kind, _ in kinds() if (each := connector_class(kind)) is not None]
    shared = ", ".join(each.label for each in found if each.default_address)
    own = ", ".join(each.label for each in found if not each.default_address)
    return f"{shared}: empty, it is the same for everybody. {own}: yours." if own else f"Empty for {shared}."


def _asked_for(credential: str) -> str:
    """Which CRMs ask for it, and what each calls it."""
    asking = kinds_that_ask_for(credential)
    return "; ".join(f"{label_of_kind(kind)}: {words}" for kind, words in asking.items())


def _seen_there(connection: CrmConnection, column: str) -> list[str]:
    """What the newest contacts of the mirror have in this column."""
    newest = KnownContact.objects.filter(connection=connection.pk, lead_key="", gone=False).order_by(
        "-made_at"
    )
    return sorted({str(value) for value in newest.values_list(column, flat=True)[:_NEWEST] if value})


def _kinds(own: str) -> list[tuple[str, str]]:
    """What there are connectors for; a row of another kind keeps it, and says so."""
    return [*kinds(), *([] if own in CONNECTORS else [(own, f"{own} (there is no connector for it)")])]


def _versions(kind: str, own: str) -> list[tuple[str, str]]:
    found = connector_class(kind)
    names = [version.name for version in found.api_versions] if found else []
    newest = f"The newest that is tested ({names[0]})" if names else "The newest that is tested"
    extra = [(own, f"{own} (not known)")] if own and own not in names else []
    return [("", newest), *((name, name) for name in names), *extra]

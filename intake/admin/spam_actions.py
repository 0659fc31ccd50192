"""The two answers to possible spam, on the submission's own page."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from exception_queue import queue
from exception_queue.models import ExceptionItem
from intake import blocklist, spam_decisions
from intake.exception_kinds import SPAM_UNCERTAIN
from intake.models import Submission
from plumbing import access
from plumbing.admin_kit.pages import to_page


class SpamForm(BaseDialogForm):
    """Which of the sender's addresses are blocked too."""

    block = forms.MultipleChoiceField(
        label="Block the sender",
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text="What comes from there is spam from now on.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        submission = Submission.objects.filter(pk=self.object_id).first()
        found = blocklist.blockable(submission) if submission else {}
        self.fields["block"].choices = list(found.items())
        if not found:
            del self.fields["block"]


class SpamActions:
    """`actions_detail` of the page names these. Whoever may settle the exception may settle its submission."""

    def has_spam_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return _may(request, object_id, among=spam_decisions.WAITING)

    def has_not_spam_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return _may(request, object_id, among=spam_decisions.UNDECIDED)

    @action(
        description="Spam",
        icon="block",
        variant=ActionVariant.DANGER,
        permissions=["spam"],
        dialog={
            "title": "This is spam",
            "description": "It is kept as spam and never routed.",
            "form_class": SpamForm,
            "form_submit_text": "Spam",
        },
    )
    def spam(self, request: HttpRequest, form: SpamForm, object_id: str) -> HttpResponse:
        chosen = form.cleaned_data.get("block", [])
        done = queue.dismiss(_items(object_id), by=_name(request), options=chosen)
        return _done(request, object_id, "It is spam, and never routed." if done else "")

    @action(
        description="Not spam: let it through",
        icon="check",
        permissions=["not_spam"],
        dialog={
            "title": "Let it through?",
            "description": "No spam check stops it again; it is routed at once.",
            "form_class": None,
            "form_submit_text": "Not spam: let it through",
        },
    )
    def not_spam(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        by, items = _name(request), _items(object_id)
        # What ended as spam has no open question any more.
        if items:
            is_going = bool(queue.retry(items, by=by).taken)
        else:
            is_going = bool(spam_decisions.let_through([object_id], by=by, now=timezone.now()).pending)
        return _done(request, object_id, "It is on its way." if is_going else "")


def _may(request: HttpRequest, object_id: str | None, *, among: tuple[str, ...]) -> bool:
    if not request.user.has_perm("exception_queue.change_exceptionitem"):
        return False
    if object_id is None:
        return True
    theirs = access.rows_for(request.user, Submission.objects.filter(pk=object_id, status__in=among), "act")
    submission = theirs.only("status").first()
    return submission is not None and (submission.status == Submission.Status.SPAM or _items(object_id) != [])


def _items(submission_id: str) -> list[ExceptionItem]:
    """Its open question, if there is one."""
    return list(
        ExceptionItem.objects.filter(
            kind=SPAM_UNCERTAIN,
            subject_type="submission",
            subject_id=submission_id,
            status__in=ExceptionItem.UNRESOLVED,
        )
    )


def _name(request: HttpRequest) -> str:
    user: Any = request.user
    return str(user.get_full_name() or user.get_username())


def _done(request: HttpRequest, object_id: str, message: str) -> HttpResponse:
    if message:
        messages.success(request, message)
    else:
        messages.warning(request, "It waits for nothing any more: somebody else was faster.")
    return to_page(reverse("admin:intake_submission_change", args=(object_id,)))

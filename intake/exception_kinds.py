"""What can go wrong on the way in, and what to do about it."""

from exception_queue.kinds import ExceptionKind, VerbWords
from intake.spam_decisions import BLOCK_OPTIONS

REQUIRED_MISSING = "intake.required_missing"
UNFIT_CONTACT = "intake.unfit_contact"
UNREACHABLE = "intake.unreachable"
FIELD_MAP = "intake.field_map"
SPAM_UNCERTAIN = "intake.spam_uncertain"
POISON = "intake.poison"
AMBIGUOUS_DUPLICATE = "intake.ambiguous_duplicate"
KEYS_CONFLICT = "intake.keys_conflict"

_RETRY = "intake.retries.retry_submissions"

KINDS = [
    ExceptionKind(
        key=REQUIRED_MISSING,
        title="Required field missing",
        severity="high",
        what_to_do=(
            "The form did not send a field that it must send. Fix the form or its field map, then retry: the stored body "
            "is read again. If the field is not needed after all, take it off the form's required fields."
        ),
        retry=_RETRY,
    ),
    ExceptionKind(
        key=UNFIT_CONTACT,
        title="Contact details are damaged",
        severity="high",
        what_to_do=(
            "An e-mail address or phone number has characters that cannot be its own: a line break, a control character, "
            "or � where a letter was lost. Look at the raw body. Retry takes the lead without these values; dismiss if it is "
            "an attack. Where � comes again and again, the website does not send UTF-8."
        ),
        retry=_RETRY,
    ),
    ExceptionKind(
        key=UNREACHABLE,
        title="No way to reach the person",
        severity="medium",
        what_to_do=(
            "Neither an e-mail address nor a phone number could be read. Look at the raw body: if one is there under another "
            "name, add it to the form's field map and retry; otherwise dismiss."
        ),
        retry=_RETRY,
    ),
    ExceptionKind(
        key=FIELD_MAP,
        title="Field map is broken",
        severity="high",
        what_to_do=(
            "The form's field map names a field that does not exist, or the body cannot be read. Fix the map, then retry."
        ),
        retry=_RETRY,
    ),
    ExceptionKind(
        key=SPAM_UNCERTAIN,
        title="Looks like spam",
        severity="low",
        what_to_do=(
            "Look at who it is and what they wrote. Spam is kept and never routed, and its sender can be blocked; what is "
            "no spam goes on at once. After 15 minutes without an answer it goes on by itself, marked as unchecked."
        ),
        retry="intake.spam_decisions.let_through",
        retry_words=VerbWords(
            "Not spam: let it through",
            "Not spam: let them through",
            "No spam check stops it again; it is routed at once.",
        ),
        on_dismiss="intake.spam_decisions.settle_as_spam",
        dismiss_words=VerbWords("Spam", "All spam", "It is kept as spam and never routed."),
        dismiss_options=BLOCK_OPTIONS,
    ),
    ExceptionKind(
        key=POISON,
        title="Submission cannot be processed",
        severity="high",
        what_to_do=(
            "This submission failed on its own while others went through. The error is in the detail; the body is kept. "
            "Fix the cause, then retry."
        ),
        retry=_RETRY,
    ),
    ExceptionKind(
        key=AMBIGUOUS_DUPLICATE,
        title="Could be the same person",
        severity="low",
        what_to_do=(
            "The lead was created and routed to the other lead's owner, so one person answers both. Compare the two: keep them "
            "apart if they are two people; if they are one, disqualify the newer lead as a duplicate and resolve."
        ),
        retry=None,
    ),
    ExceptionKind(
        key=KEYS_CONFLICT,
        title="Keys point at two leads",
        severity="medium",
        what_to_do=(
            "One submission carries the e-mail address of one lead and the phone (or a second address) of another. It was "
            "added to the lead of the address, which keeps the phone it had. Look at both: if they are one person, "
            "disqualify the newer lead as a duplicate; if the form was filled in for somebody else, correct the lead. "
            "Then resolve."
        ),
        retry=None,
    ),
]

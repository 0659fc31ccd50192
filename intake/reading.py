"""What a stored body says, in canonical words, by its form's vendor and field map."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from intake import bodies
from intake.canonical import label_of
from intake.models import IntakeForm
from intake.notes import Note
from intake.values.normalize import UNFIT, FoldedAliases, Normalized, normalize_values
from intake.vendors.clean import clean
from intake.vendors.field_map import Mapped, apply_field_map
from intake.vendors.flat import Flat
from intake.vendors.registry import VENDORS


@dataclass(frozen=True, slots=True)
class Reading:
    """One delivery: what the vendor's adapter saw, what the field map made of it, and the normalized values."""

    flat: Flat
    mapped: Mapped
    normalized: Normalized

    @property
    def notes(self) -> list[Note]:
        """About the body first, then about values."""
        return [*self.flat.notes, *self.normalized.notes]


def read(
    form: IntakeForm, *, body: bytes, content_type: str, aliases: Mapping[str, Mapping[str, str]]
) -> Reading:
    """Raises bodies.MalformedBody or bodies.UnsupportedMedia."""
    flat = flatten(form, bodies.parse(body, content_type))
    mapped = apply_field_map(flat, form.field_map, form.defaults)
    normalized = normalize_values(mapped.values, aliases=aliases, default_region=None)
    return Reading(flat=flat, mapped=mapped, normalized=normalized)


def flatten(form: IntakeForm, parsed: bodies.ParsedBody) -> Flat:
    """Named values as the vendor means them, with notes of what was left out."""
    notes = list(parsed.notes)
    flat = VENDORS[form.vendor].flatten(clean(parsed.value, notes))
    flat.notes[:0] = notes
    return flat


def refusal(form: IntakeForm, flat: Flat, *, aliases: Callable[[], FoldedAliases]) -> dict[str, list[str]]:
    """What the form's contract misses (`contract_errors`). Aliases are only fetched where they could make it good."""
    mapped = apply_field_map(flat, form.field_map, form.defaults)
    errors = contract_errors(form, normalize_values(mapped.values, aliases={}, default_region=None))
    if not errors:
        return {}
    return contract_errors(form, normalize_values(mapped.values, aliases=aliases(), default_region=None))


def contract_errors(form: IntakeForm, normalized: Normalized) -> dict[str, list[str]]:
    """What the form's contract misses, by field: required values that are absent or that cannot be what they should be, and
    contact details with characters that cannot be theirs.
    """
    errors = {note.field: [note.message] for note in normalized.notes if note.code == UNFIT}
    broken = {note.field: note.message for note in normalized.notes if note.field not in normalized.values}
    for name in form.required:
        if name not in normalized.values and name not in errors:
            errors[name] = [broken.get(name) or f"{label_of(name)} is required."]
    for name in ("email", "phone"):
        if name in broken and name not in errors and "email" not in normalized.values:
            errors[name] = [broken[name]]
    return errors


def bot_filled(form: IntakeForm, flat: Flat) -> bool:
    """Whether the honeypot field carries a value, which only a bot can have put there."""
    return bool(form.honeypot) and str(flat.values.get(form.honeypot) or "").strip() != ""

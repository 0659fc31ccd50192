"""The second step of a password login: a code of an authenticator app (TOTP, by django-otp), or a recovery code.

django-otp makes a code count once, and makes guessing slower with each wrong one.
"""

import hashlib
import secrets
from base64 import b32encode

import segno
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.safestring import SafeString, mark_safe
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_otp.util import random_hex

RECOVERY_CODES = 8
ISSUER = "leadops"


def is_on(user: User) -> bool:
    return bool(TOTPDevice.objects.filter(user=user, confirmed=True).exists())


def is_required(user: User) -> bool:
    """Whether nobody logs in to this account with a password alone."""
    who: str = settings.LEADOPS_SECOND_STEP_FOR
    return who == "everybody" or (who == "superusers" and user.is_superuser)


def new_key() -> str:
    """For an app that is to be set up, in hex."""
    return str(random_hex(20))


def confirm(user: User, key: str, code: str) -> list[str]:
    """Switch it on by the app's first code, and give out recovery codes; none where the code is wrong."""
    with transaction.atomic():
        devices = TOTPDevice.objects.select_for_update().filter(user=user)
        device, _ = devices.get_or_create(key=key, confirmed=False, defaults={"user": user, "name": ISSUER})
        if not device.verify_token(_digits(code)):
            return []
        devices.exclude(pk=device.pk).delete()
        device.confirmed = True
        device.save()
        return new_codes(user)


def accepts(user: User, code: str) -> bool:
    """Whether this is the app's code, or a recovery code, which is used up then."""
    with transaction.atomic():
        devices = [
            (TOTPDevice.objects.select_for_update().filter(user=user, confirmed=True).first(), _digits(code)),
            (StaticDevice.objects.select_for_update().filter(user=user).first(), _kept(code)),
        ]
        return any(device is not None and device.verify_token(given) for device, given in devices if given)


def new_codes(user: User) -> list[str]:
    """Recovery codes to be written down; those of before do not count any more. What is kept are hashes."""
    codes = [b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(RECOVERY_CODES)]
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name=ISSUER)
    StaticToken.objects.bulk_create(StaticToken(device=device, token=_kept(code)) for code in codes)
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in codes]


def codes_left(user: User) -> int:
    return int(StaticToken.objects.filter(device__user=user).count())


def remove(user: User) -> bool:
    """A password is enough again. False where it was."""
    gone = (
        TOTPDevice.objects.filter(user=user).delete()[0] + StaticDevice.objects.filter(user=user).delete()[0]
    )
    return bool(gone)


def picture(user: User, key: str) -> SafeString:
    """What the app scans, as SVG to stand in the page."""
    svg: str = segno.make(TOTPDevice(user=user, key=key).config_url, error="m").svg_inline(
        scale=4,
        border=4,
        dark="#000",
        light="#fff",
        svgclass="lo-qr",
        lineclass=None,
        omitsize=False,
        title="QR code",
    )
    return mark_safe(svg)


def typed(key: str) -> str:
    """The same for those who cannot scan: groups of four letters."""
    letters = b32encode(bytes.fromhex(key)).decode()
    return " ".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def _digits(code: str) -> str:
    """An app's code as it is typed; "" for anything that cannot be one, so that it counts as no attempt on the app."""
    squeezed = "".join(code.split())
    return squeezed if squeezed.isascii() and squeezed.isdecimal() and len(squeezed) == 6 else ""


def _kept(code: str) -> str:
    """Half of a hash of a recovery code of 80 random bits; "" for what cannot be one."""
    squeezed = code.replace("-", "").replace(" ", "").lower()
    return hashlib.sha256(squeezed.encode()).hexdigest()[:16] if len(squeezed) == 16 else ""

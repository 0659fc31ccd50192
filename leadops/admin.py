"""What the project package adds to the console: imported by Django's autodiscovery."""

from django.contrib import admin
from django_otp.plugins.otp_static.admin import StaticDevice
from django_otp.plugins.otp_totp.admin import TOTPDevice

from leadops.console import schedules, tokens
from leadops.console.lead import admin as leads
from leadops.console.people import groups, users

# Their pages show keys, and change them without asking for a code: people have one of their own (signing_in/second_step.py).
admin.site.unregister(StaticDevice)
admin.site.unregister(TOTPDevice)

__all__ = ["groups", "leads", "schedules", "tokens", "users"]

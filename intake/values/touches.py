"""Where a visit came from, in words: its touch, and the channel that it belongs to."""

from collections.abc import Mapping
from typing import Any

from intake.values.web import host_of, registrable_domain

_PAID = frozenset({"cpc", "ppc", "paid", "paidsearch", "paid-search", "paid_search", "sem"})
_PAID_SOCIAL = frozenset({"paidsocial", "paid-social", "paid_social"})
_DISPLAY = frozenset({"display", "banner", "cpm", "retargeting"})
_MAIL = frozenset({"email", "e-mail", "mail", "newsletter"})
_SOCIAL = frozenset({
    "facebook", "fb", "instagram", "ig", "linkedin", "lnkd", "twitter", "x", "t", "tiktok", "youtube", "reddit", "xing",
    "pinterest", "threads",
})  # fmt: skip
_SEARCH = frozenset(
    {"google", "bing", "duckduckgo", "yahoo", "ecosia", "yandex", "baidu", "qwant", "startpage"}
)


def touch_of(values: Mapping[str, Any]) -> str:
    """ "google / cpc / spring": source, medium and campaign; else the host that referred; "" where nothing is known."""
    named = [str(values[name]) for name in ("utm_source", "utm_medium", "utm_campaign") if values.get(name)]
    return " / ".join(named) or _referrer(values)


def channel_of(values: Mapping[str, Any]) -> str:
    """One of a dozen words, "Paid search" for one. "" where no more is known than that somebody was there."""
    medium = str(values.get("utm_medium") or "").strip().lower()
    referrer = _referrer(values)
    site = _site(str(values.get("utm_source") or "")) or _site(referrer)
    if medium in _PAID_SOCIAL or values.get("li_fat_id") or (medium in _PAID and site in _SOCIAL):
        return "Paid social"
    if medium in _DISPLAY:
        return "Display"
    if medium in _PAID or values.get("gclid") or values.get("msclkid"):
        return "Paid search"
    if medium in _MAIL:
        return "E-mail"
    if medium == "affiliate":
        return "Affiliate"
    if medium == "social" or site in _SOCIAL or values.get("fbclid"):
        return "Social"
    if medium == "organic" or (not medium and site in _SEARCH):
        return "Organic search"
    if medium == "referral" or (referrer and not medium):
        return "Referral"
    if medium or values.get("utm_source"):
        return "Other"
    return "Direct" if values.get("landing_page") else ""


def _referrer(values: Mapping[str, Any]) -> str:
    """The host that somebody came from, "" where it is the site itself."""
    host = host_of(str(values.get("referrer") or "")) or ""
    own = {host_of(str(values.get(name) or "")) for name in ("landing_page", "source_page")}
    domains = {registrable_domain(each) for each in own if each}
    return "" if not host or registrable_domain(host) in domains else host


def _site(name: str) -> str:
    """ "linkedin" of linkedin, lnkd.in and www.linkedin.com."""
    text = name.strip().lower()
    return (registrable_domain(text) or text).partition(".")[0]

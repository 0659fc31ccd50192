"""Which messengers may be told, and where their messages go: the doors of Apprise that are open here.

Apprise also runs programs, writes files and speaks to whatever listens on a network; none of that is telling people.
"""

from urllib.parse import parse_qsl, urlsplit

from plumbing import private_addresses

# Of services that everybody runs themselves: whoever types the address chooses the host.
OWN_HOST = frozenset(
    f"{scheme}{secure}"
    for scheme in ("form", "gotify", "json", "matrix", "mmost", "nctalk", "ntfy", "rocket", "synology", "xml")
    for secure in ("", "s")
) | {"workflow", "workflows"}
# Of services with one host for all: it stands in Apprise, not in the address.
VENDORS = frozenset({
    "brevo", "bulksms", "chime", "clicksend", "dingtalk", "discord", "feishu", "flock", "gchat", "guilded", "ifttt", "join",
    "lark", "line", "mailgun", "msgbird", "msteams", "nexmo", "opsgenie", "pagerduty", "pagertree", "pbul", "plivo", "pover",
    "prowl", "pushed", "resend", "revolt", "ryver", "sendgrid", "signl4", "sinch", "slack", "smtp2go", "sns", "sparkpost",
    "spike", "splunk", "spush", "tgram", "twilio", "twist", "victorops", "vonage", "webex", "wecombot", "whatsapp", "wxteams",
    "zoom",
})  # fmt: skip
# The ways of these two to their vendor's own host.
_CLOUD_MODES = frozenset({"cloud", "t2bot"})
# Files of this machine, and other ways out than the address says.
_REFUSED = frozenset({"file", "keyfile", "pgp", "pgpkey", "redirect", "smtp", "subfile", "template"})


def why_not(scheme: str, address: str) -> str:
    """One sentence: why this address is not used, with the scheme that Apprise reads it as; "" where it is."""
    if scheme not in OWN_HOST | VENDORS:
        known = ", ".join(sorted(VENDORS | {each.removesuffix("s") for each in OWN_HOST}))
        return f"{scheme}:// is not offered here; what is: {known}."
    for name, _ in parse_qsl(urlsplit(address).query, keep_blank_values=True):
        if name.strip().lower() in _REFUSED:
            return f"“{name}” is not accepted in an address: it would open a file of this machine, or lead elsewhere."
    return ""


def own_host(scheme: str, *, host: str, mode: str) -> str:
    """The host that whoever typed the address has chosen, "" where it is the vendor's."""
    return "" if scheme not in OWN_HOST or mode in _CLOUD_MODES else host


def look_up(host: str, port: int) -> None:
    """Just before something is sent: raises PrivateAddress, and OSError where the name is not known."""
    private_addresses.permitted(host, port)

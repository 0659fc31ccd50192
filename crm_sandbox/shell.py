"""What every page has around its own: the head, the search and the way to the other CRM."""

from __future__ import annotations

from pathlib import Path
from string import Template

from crm_sandbox.widgets import Html, text
from crm_sandbox.wire import Reply

_SHELL = Template((Path(__file__).parent / "page.html").read_text(encoding="utf-8"))
# Where the pages of a CRM begin, and what it is called.
HUBSPOT, SALESFORCE, WEBHOOK = ("/", "HubSpot"), ("/org", "Salesforce"), ("/webhook", "Webhook")


def page(
    main: Html, *, title: str, address: str, of: tuple[str, str] = HUBSPOT, query: str = "", status: int = 200
) -> Reply:
    """`address` is the page's own, from which its live parts are read again; `of`: the CRM that it shows."""
    shown = _SHELL.substitute(
        main=main,
        title=text(title),
        query=text(query),
        address=text(address),
        home=of[0],
        ways="".join(
            f'<a href="{home}"{" aria-current=page" if home == of[0] else ""}>{name}</a>'
            for home, name in (HUBSPOT, SALESFORCE, WEBHOOK)
        ),
    )
    # Not to be clicked through a page from elsewhere that has it in a frame.
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": "frame-ancestors 'none'"}
    return Reply(status, shown, headers, content_type="text/html; charset=utf-8")

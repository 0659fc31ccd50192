"""How people set up a receiver, and what there is to test: one thing, whether it believes our messages."""

from collections.abc import Mapping

from crm_sync.connectors.granted import Purpose, TokenGuide

TAKES = "Takes signed messages"
GUIDE = TokenGuide(
    token="signing secret",
    right="ability",
    steps=(
        "Make a secret: echo whsec_$(openssl rand -base64 32). Receiver and leadops share it, and nobody else.",
        "Make an address there that takes POST with JSON, and answers 2xx within seven seconds once a message is safe. Until it "
        "does, the message comes again.",
        "Let it check each message by Standard Webhooks (webhook-id, webhook-timestamp, webhook-signature): there is a library "
        "for most languages, and docs/howto/connect-webhook.md has a receiver to begin with.",
        'Let it remember webhook-id: a message that comes again has the same. An answer {"id": "…"} to lead.created becomes the '
        "lead's id there.",
    ),
    remarks=(
        "To change the secret, enter the new one and the old one with a blank between: each message then carries both "
        "signatures. Once the receiver knows the new one, enter it alone.",
        "Test sends a message of the type ping.",
    ),
)
RIGHTS: Mapping[Purpose, tuple[str, ...]] = {
    "contacts": (),
    "writing": (TAKES,),
    "tasks": (),
    "properties": (),
    "own_properties": (),
    "owners": (),
    "companies": (),
    "deals": (),
    "touches": (),
}

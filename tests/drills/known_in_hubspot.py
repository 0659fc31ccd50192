"""Contacts, companies and deals of HubSpot."""

from typing import Any

from tests.drills import hubspot
from tests.drills.known import ACTIVE, INACTIVE, KEEP, STRANGER, Standing, Story, Told, control, made
from tests.drills.talking import Server

LIFECYCLE, STATUS = "lifecyclestage", "hs_lead_status"
RECYCLED = "UNQUALIFIED"


class KnownInHubSpot:
    recycled = (RECYCLED,)
    stories = {
        "customer with an owner": Story({LIFECYCLE: "customer"}, ACTIVE, buys=True),
        "customer without an owner": Story({LIFECYCLE: "customer", STATUS: "OPEN_DEAL"}, buys=True),
        "open deal": Story({LIFECYCLE: "opportunity", STATUS: "OPEN_DEAL"}, ACTIVE, buys=True, deal=True),
        "known, owner active": Story({STATUS: "CONNECTED"}, ACTIVE),
        "known, owner inactive here": Story({STATUS: "CONNECTED"}, INACTIVE, keeps=(KEEP,)),
        "known, owner is none here": Story({STATUS: "IN_PROGRESS"}, STRANGER, keeps=(KEEP,)),
        "known, recycled": Story({STATUS: RECYCLED}, ACTIVE, keeps=(KEEP,)),
        "known, nobody's": Story({LIFECYCLE: "salesqualifiedlead"}),
        "known by a second address": Story({STATUS: "CONNECTED"}, ACTIVE, special=True),
        "of a customer's account": Story({LIFECYCLE: "customer"}, ACTIVE, buys=True, company=True),
    }

    def __init__(self) -> None:
        self.crm = hubspot.HubSpot()

    def make(self, sandbox: Server, people: Told) -> dict[int, str]:
        control(sandbox, "owners", {"email": STRANGER, "name": "Zoe Zimmer"})
        firms = [
            {
                "properties": {
                    "name": post.body["company"],
                    "domain": post.body["email"].partition("@")[2],
                    **story.properties,
                },
                "owner": story.owner,
            }
            for post, story in people
            if story.company
        ]
        made(sandbox, "hubspot/companies", firms)
        there = [(post, story) for post, story in people if not story.company]
        ids = made(
            sandbox, "hubspot/contacts", [_contact(post.body["email"], story) for post, story in there]
        )
        deals = [
            {"properties": {"dealname": post.body["company"]}, "owner": story.owner, "contact": number}
            for (post, story), number in zip(there, ids, strict=True)
            if story.deal
        ]
        made(sandbox, "hubspot/deals", deals)
        return {post.number: number for (post, _), number in zip(there, ids, strict=True)}

    def standing(self, sandbox: Server) -> list[Standing]:
        people = hubspot.owners(sandbox)
        wanted = ("email", hubspot.OWNER, hubspot.KEY, LIFECYCLE, STATUS)
        return [
            Standing(
                one["id"],
                one["email"] or "",
                people.get(one[hubspot.OWNER] or "", ""),
                one[hubspot.KEY] or "",
                {"lifecycle": one[LIFECYCLE] or "", "lead status": one[STATUS] or ""},
            )
            for one in hubspot.contacts(sandbox, properties=",".join(wanted))
        ]


def _contact(email: str, story: Story) -> dict[str, Any]:
    addresses = {"email": email}
    if story.special:
        addresses = {"email": f"other.{email}", "hs_additional_emails": email}
    body: dict[str, Any] = {"properties": {**addresses, **story.properties}}
    return {**body, "owner": story.owner} if story.owner else body

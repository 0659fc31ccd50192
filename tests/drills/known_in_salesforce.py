"""Leads, contacts, accounts and opportunities of Salesforce."""

from typing import Any

from tests.drills import salesforce
from tests.drills.known import ACTIVE, INACTIVE, KEEP, STRANGER, Standing, Story, Told, control, made
from tests.drills.talking import Server
from tests.drills.traffic import Post

RECYCLED = "Closed - Not Converted"
WORKED = {"Status": "Working - Contacted"}
CUSTOMER = {"Type": "Customer - Direct"}
DEAL = {"StageName": "Prospecting", "CloseDate": "2030-12-31"}


class KnownInSalesforce:
    """Whoever buys, or has a deal, is a contact of an account; `special` is a lead that was converted into one. All others are
    leads."""

    recycled = (RECYCLED,)
    stories = {
        "customer with an owner": Story(CUSTOMER, ACTIVE, buys=True),
        "customer without an owner": Story(CUSTOMER, buys=True),
        "open deal": Story({"Type": "Prospect"}, ACTIVE, buys=True, deal=True),
        "known, owner active": Story(WORKED, ACTIVE),
        "known, owner inactive here": Story(WORKED, INACTIVE, keeps=(KEEP,)),
        "known, owner is none here": Story(WORKED, STRANGER, keeps=(KEEP,)),
        "known, recycled": Story({"Status": RECYCLED}, ACTIVE, keeps=(KEEP,)),
        "known, nobody's": Story(WORKED),
        "a lead that was converted": Story(WORKED, ACTIVE, special=True),
        "of a customer's account": Story(CUSTOMER, ACTIVE, buys=True, company=True),
    }

    def __init__(self) -> None:
        self.crm = salesforce.Salesforce()

    def make(self, sandbox: Server, people: Told) -> dict[int, str]:
        control(sandbox, "salesforce/users", {"username": STRANGER, "email": STRANGER, "name": "Zoe Zimmer"})
        firms = [(post, story) for post, story in people if story.buys]
        accounts = made(sandbox, "salesforce/Account", [_account(post, story) for post, story in firms])
        of = {post.number: account for (post, _), account in zip(firms, accounts, strict=True)}
        buyers = [(post, story) for post, story in firms if not story.company]
        bodies = [_person(post, story, {"AccountId": of[post.number]}) for post, story in buyers]
        contacts = made(sandbox, "salesforce/Contact", bodies)
        ids = {post.number: number for (post, _), number in zip(buyers, contacts, strict=True)}
        sold = [(post, story) for post, story in buyers if story.deal]
        deals = [
            _body({"Name": post.body["company"], "AccountId": of[post.number], **DEAL}, story)
            for post, story in sold
        ]
        roles = [
            {"fields": {"OpportunityId": deal, "ContactId": ids[post.number]}}
            for (post, _), deal in zip(sold, made(sandbox, "salesforce/Opportunity", deals), strict=True)
        ]
        made(sandbox, "salesforce/OpportunityContactRole", roles)
        others = [(post, story) for post, story in people if not story.buys]
        leads = made(
            sandbox,
            "salesforce/Lead",
            [
                _person(post, story, {"Company": post.body["company"], **story.properties})
                for post, story in others
            ],
        )
        for (post, story), lead in zip(others, leads, strict=True):
            ids[post.number] = lead
            if story.special:
                answer = control(sandbox, f"salesforce/Lead/{lead}/convert", {"owner": story.owner})
                ids[post.number] = answer["contactId"]
        return ids

    def standing(self, sandbox: Server) -> list[Standing]:
        statuses = {one["id"]: one["fields"].get("Status", "") for one in salesforce.rows(sandbox, "Lead")}
        return [
            Standing(
                one.id,
                one.email,
                one.owner,
                one.lead if one.id in statuses else None,
                {"lead status": statuses[one.id]} if one.id in statuses else {},
            )
            for one in self.crm.records(sandbox)
        ]


def _account(post: Post, story: Story) -> dict[str, Any]:
    website = f"https://{post.body['email'].partition('@')[2]}"
    return _body({"Name": post.body["company"], "Website": website, **story.properties}, story)


def _person(post: Post, story: Story, more: dict[str, str]) -> dict[str, Any]:
    first, _, last = post.body["full_name"].partition(" ")
    return _body({"Email": post.body["email"], "FirstName": first, "LastName": last, **more}, story)


def _body(fields: dict[str, str], story: Story) -> dict[str, Any]:
    return {"fields": fields, "owner": story.owner or salesforce.US}

"""`python -m benchmarks.look_up_cost CONTACTS`: milliseconds a lead of looking somebody up in the mirror, as JSON."""

import json
import random
import statistics
import sys
import time

import benchmarks.django_ready as _ready

# isort: split
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from crm_sync.looking import finding
from crm_sync.looking.finding import Wanted, wanted_of
from crm_sync.models import Account, CrmConnection, KnownContact, OpenDeal

BATCHES, BATCH = 50, 100
# One lead at a time takes so long in a large mirror that two batches of it have to do.
BASELINE_BATCHES = 2


def main() -> None:
    assert _ready.application
    contacts, seeded = int(sys.argv[1]), random.Random(7)
    connection = CrmConnection.objects.get()
    with database.cursor() as cursor:
        cursor.execute("ANALYZE")
    ours, baseline = [], []
    for number in range(BATCHES):
        wanted = [_somebody(seeded, contacts) for _ in range(BATCH)]
        begun = time.perf_counter()
        finding.find(connection.pk, wanted)
        ours.append((time.perf_counter() - begun) * 1000 / BATCH)
        if number >= BASELINE_BATCHES:
            continue
        begun = time.perf_counter()
        for one in wanted:
            _by_orm(connection.pk, one)
        baseline.append((time.perf_counter() - begun) * 1000 / BATCH)
    with CaptureQueriesContext(database) as queries:
        finding.find(connection.pk, wanted)
    found = {
        "ours": statistics.median(ours),
        "baseline": statistics.median(baseline),
        "statements": len(queries),
    }
    print(json.dumps(found))


def _somebody(seeded: random.Random, contacts: int) -> Wanted:
    """Half of them are there."""
    known = seeded.random() < 0.5
    number = seeded.randrange(contacts)
    email = f"contact{number}@bench.example" if known else f"new{number}@firm{number}.example"
    return wanted_of({"email": email, "company": f"Firm {number} GmbH", "country": "DE"})


def _by_orm(connection_id: int, one: Wanted) -> None:
    contact = KnownContact.objects.filter(connection=connection_id, emails__contains=[one.email]).first()
    account = Account.objects.filter(
        connection=connection_id, match_keys__overlap=sorted(one.company.sought())
    ).first()
    if contact is not None:
        OpenDeal.objects.filter(connection=connection_id, contact_ids__contains=[contact.remote_id]).first()
    if account is not None:
        OpenDeal.objects.filter(connection=connection_id, account_id=account.remote_id).first()


if __name__ == "__main__":
    main()

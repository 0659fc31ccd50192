"""Stage enrich: company facts by domain, one call per distinct domain, one time budget for the whole batch."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

from django.conf import settings
from django.db import connection

from intake.batch import Batch
from intake.models import CompanyProfile
from intake.pipeline import stage
from intake.values.facts import company_domain
from plumbing import dotted

log = logging.getLogger(__name__)

# Company facts that enrichment may fill where the form said nothing.
FILLED = ("company", "industry", "employee_count", "annual_revenue", "country", "state", "city")
# An enricher takes domains and returns what it knows: domain -> canonical values.
Enricher = Callable[[Sequence[str]], Mapping[str, Mapping[str, Any]]]


@stage(needs=("normalize",), wire=True)
def enrich(batch: Batch) -> None:
    """Fills empty company facts from the enrichers (settings.LEADOPS_ENRICHERS) within LEADOPS_ENRICH_BUDGET seconds."""
    works = [(work, company_domain(work.values)) for work in batch.going()]
    domains = sorted({domain for _work, domain in works if domain})
    if not domains:
        return
    known = _ask(domains)
    for work, domain in works:
        for name, value in known.get(domain or "", {}).items():
            if name in FILLED and name not in work.values and value not in (None, ""):
                work.values[name] = value
                work.notes.append(
                    {"field": name, "code": "enriched", "message": f"Known of {domain}.", "raw": None}
                )


def _ask(domains: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Ask every enricher at the same time; who is late is left out. Earlier enrichers win."""
    enrichers: list[Enricher] = [dotted.resolve(path) for path in settings.LEADOPS_ENRICHERS]
    found: dict[str, dict[str, Any]] = {}
    if enrichers == [local_company_table]:
        _merge(found, local_company_table(domains))
        return found
    deadline = time.monotonic() + settings.LEADOPS_ENRICH_BUDGET
    pool = ThreadPoolExecutor(max_workers=len(enrichers))
    calls = [pool.submit(_in_thread, enricher, domains) for enricher in enrichers]
    wait(calls, timeout=max(0.0, deadline - time.monotonic()))
    # Late answers are dropped with their threads; the budget is the customer's time.
    pool.shutdown(wait=False, cancel_futures=True)
    for call, enricher in zip(calls, enrichers, strict=True):
        if not call.done():
            log.warning("Enricher %s did not answer within the budget", enricher)
        elif error := call.exception():
            log.warning("Enricher %s failed: %s", enricher, error)
        else:
            _merge(found, call.result())
    return found


def _in_thread(enricher: Enricher, domains: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    try:
        return enricher(domains)
    finally:
        connection.close()


def _merge(found: dict[str, dict[str, Any]], answer: Mapping[str, Mapping[str, Any]]) -> None:
    for domain, values in answer.items():
        for name, value in values.items():
            found.setdefault(domain, {}).setdefault(name, value)


def local_company_table(domains: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What the company table in the console says; one query."""
    rows = CompanyProfile.objects.filter(domain__in=domains)
    return {
        row.domain: {
            "company": row.name,
            "industry": row.industry,
            "employee_count": row.employee_count,
            "annual_revenue": row.annual_revenue,
            "country": row.country,
            "state": row.state,
            "city": row.city,
        }
        for row in rows
    }

"""What waits for a mapping goes when a configuration file brings it."""

import pytest

from crm_sync.models import CrmConnection, FieldMapping, OutboxEntry
from crm_sync.outbound import sending
from exception_queue.models import ExceptionItem
from tests.crm_sync.salesforce.test_whole_way import Org
from tests.leadops.configuration.commands import Config
from tests.make import crm_sync as make

pytestmark = pytest.mark.django_db(transaction=True)


def test_leads_that_lack_what_every_record_needs_follow_when_a_file_maps_it(crm, connection, tmp_path):
    config = Config(tmp_path)
    make.queue(fallback=True)
    FieldMapping.objects.filter(canonical="company").update(active=False)
    make.lead()
    make.drain(connection)
    assert OutboxEntry.objects.get().status == OutboxEntry.Status.DEAD
    assert "Company" in ExceptionItem.objects.get().cause
    exported = config.export()
    mapped = exported.replace("property: Company, mode: if_empty, active: false", "property: Company", 1)
    assert mapped != exported
    said = config.apply(mapped)
    assert "Warning" not in said + config.complaints
    sending.drain_all()
    assert [each["Email"] for each in Org(crm, CrmConnection.objects.get()).leads()] == [
        "gina@globex.example"
    ]
    assert not ExceptionItem.objects.filter(status=ExceptionItem.Status.OPEN).exists()

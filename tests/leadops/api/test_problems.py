"""Whatever goes wrong below /api/ is a problem document, also where no view of ours was asked."""

from django.test import Client, override_settings

from tests.leadops.api.calling import refused


def test_it_says_which_variable_to_set_for_another_host_name():
    answer = Client(headers={"host": "crm.acme.test"}).get("/api/v1/leads")
    assert "LEADOPS_PUBLIC_URL" in refused(answer, 400)["detail"]
    page = Client(headers={"host": "crm.acme.test"}).get("/admin/")
    assert page.status_code == 400
    assert page["Content-Type"].startswith("text/html")


def test_it_refuses_crm_events_that_are_too_large(db):
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=100):
        client = Client(headers={"host": "127.0.0.1"})
        answer = client.post("/api/v1/webhooks/hubspot", [{"x": "y" * 200}], content_type="application/json")
    refused(answer, 413)


def test_it_knows_nothing_at_other_addresses():
    for method in ("get", "post", "delete"):
        answer = getattr(Client(headers={"host": "127.0.0.1"}, enforce_csrf_checks=True), method)(
            "/api/v2/leads"
        )
        assert "/api/docs/" in refused(answer, 404)["detail"]

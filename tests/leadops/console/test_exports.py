"""Files that people download and open in a spreadsheet."""

from django.urls import reverse

from routing.models import Owner


def test_a_name_that_looks_like_a_formula_is_text_in_an_exported_file(maria, acme):
    Owner.objects.filter(email="alice@acme.test").update(name='=HYPERLINK("https://evil.test")')
    address = reverse("admin:routing_owner_export")
    page = maria.get(address)
    form = page.context["form"]
    chosen = {name: "on" for name in form.fields if name.startswith("ownerresource_")}
    answer = maria.post(address, {"format": "0", "resource": "", **chosen})
    text = answer.content.decode()
    assert "alice@acme.test" in text
    assert "HYPERLINK" in text
    assert "=HYPERLINK" not in text

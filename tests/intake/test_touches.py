"""Where a visit came from."""

import pytest

from intake.values.touches import channel_of, touch_of

HERE = {"landing_page": "https://www.acme.test/demo"}


@pytest.mark.parametrize(
    ("values", "channel", "touch"),
    [
        ({}, "", ""),
        (HERE, "Direct", ""),
        (HERE | {"referrer": "https://shop.acme.test/"}, "Direct", ""),
        (HERE | {"referrer": "https://www.google.de/"}, "Organic search", "www.google.de"),
        (HERE | {"referrer": "https://blog.example/post"}, "Referral", "blog.example"),
        (HERE | {"referrer": "https://lnkd.in/x"}, "Social", "lnkd.in"),
        ({"gclid": "1"}, "Paid search", ""),
        ({"fbclid": "1"}, "Social", ""),
        ({"li_fat_id": "1"}, "Paid social", ""),
        ({"utm_source": "google", "utm_medium": "CPC"}, "Paid search", "google / CPC"),
        ({"utm_source": "LinkedIn", "utm_medium": "cpc"}, "Paid social", "LinkedIn / cpc"),
        (
            {"utm_source": "news", "utm_medium": "email", "utm_campaign": "may"},
            "E-mail",
            "news / email / may",
        ),
        ({"utm_source": "x.example", "utm_medium": "banner"}, "Display", "x.example / banner"),
        ({"utm_medium": "affiliate"}, "Affiliate", "affiliate"),
        ({"utm_source": "qr", "utm_medium": "print"}, "Other", "qr / print"),
    ],
)
def test_a_visit_has_a_channel_and_a_touch(values, channel, touch):
    assert (channel_of(values), touch_of(values)) == (channel, touch)

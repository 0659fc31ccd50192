"""The demo company as it looks after a morning's work. Everything goes through the same writers as in production."""

from datetime import timedelta

from django.utils import timezone

from routing.models import Absence, Owner
from tests import make

PEOPLE = (
    ("Jana Weiss", "Beispiel Werke GmbH", "DE", 900, "Head of Sales"),
    ("Tom Field", "Fieldworks Inc", "US", 40, "Founder"),
    ("Lea Roth", "Rothbau AG", "CH", 120, "Buyer"),
    ("Sam Lake", "Lakeside LLC", "US", 2500, "VP Operations"),
    ("Ana Ruiz", "Ruiz y Hijos", "US", 700, "Director"),
    ("Max Braun", "Braun und Sohn", "AT", 15, "Chief of everything"),
    ("Kim Oak", "Oak Analytics", "CA", 60, "Analyst"),
    ("Pia Stein", "Stein Maschinen", "DE", 5000, "Chief Procurement Officer"),
    ("Joe Hill", "Hill Partners", "US", 12, "Partner"),
    ("Eli Moor", "Moor Foods", "US", 800, "VP Marketing"),
    ("Noa Vale", "Vale Studio", "FR", 30, "Designer"),
)


def build() -> None:
    make.acme()
    today = timezone.now().date()
    Absence.objects.create(
        owner=Owner.objects.get(email="carla@acme.test"),
        starts_on=today - timedelta(days=2),
        ends_on=today + timedelta(days=9),
        reason="vacation",
        backup=Owner.objects.get(email="bob@acme.test"),
    )
    for name, company, country, employees, title in PEOPLE:
        first, last = name.lower().split()
        make.handed_off(
            {
                "email": f"{first}.{last}@{company.split()[0].lower()}.example",
                "full_name": name,
                "company": company,
                "country": country,
                "employee_count": employees,
                "job_title": title,
                "newsletter_topic": "rotations",
            }
        )

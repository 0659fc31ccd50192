"""Whatever is killed in the middle, what was taken arrives, once."""

import threading

import pytest

from tests.make.installation import FULL, WORKER, everybody_arrives, people, wait_until

pytestmark = pytest.mark.drill
LEADS = 500 if FULL else 150


def handed_off(installation):
    return installation.sql("SELECT count(*) FROM intake_submission WHERE status = 'handed_off'")[0][0]


def test_killing_the_workers_in_the_middle_loses_nothing_and_doubles_nothing(installation):
    leads = people(LEADS)
    posting = threading.Thread(target=installation.post_all, args=(leads,), kwargs={"clients": 4})
    posting.start()
    wait_until(lambda: handed_off(installation) >= LEADS / 10, lambda: "The workers do not begin.")
    installation.kill_workers()
    installation.up.wait_for("worker runs again.")
    posting.join()
    # Once more while the CRM is being written to.
    wait_until(lambda: len(installation.contacts()) >= LEADS / 5, lambda: "Nothing comes into the CRM.")
    killed = installation.up.child(WORKER).pid
    installation.kill_workers()
    wait_until(
        lambda: (
            installation.up.text.count("worker runs again.") == 2
            and installation.up.child(WORKER).pid != killed
        ),
        lambda: installation.up.text,
    )
    everybody_arrives(installation, leads)
    assert installation.sql("SELECT count(*), count(DISTINCT lead_id) FROM intake_submission") == [
        (LEADS, LEADS)
    ]


def test_killing_everything_in_the_middle_loses_nothing_that_was_answered(installation):
    leads = people(LEADS)
    answers = {}

    def post():
        answers.update(
            zip([lead["email"] for lead in leads], installation.post_all(leads, clients=8), strict=True)
        )

    posting = threading.Thread(target=post)
    posting.start()
    wait_until(lambda: handed_off(installation) >= LEADS / 10, lambda: "The workers do not begin.")
    installation.kill_everything()
    posting.join()
    taken = {email: submission for email, submission in answers.items() if submission is not None}
    assert taken
    installation.start()
    kept = {str(one[0]) for one in installation.sql("SELECT id FROM intake_submission")}
    assert set(taken.values()) <= kept
    # Whoever got no answer posts again; the rest of them may have been taken too.
    installation.post_all([lead for lead in leads if lead["email"] not in taken], clients=8)
    everybody_has_one_contact(installation, leads)


def everybody_has_one_contact(installation, leads):
    """As `everybody_arrives`, where some have been posted twice."""
    wait_until(
        lambda: not installation.sql("SELECT 1 FROM intake_submission WHERE status <> 'handed_off' LIMIT 1"),
        lambda: str(installation.sql("SELECT status, count(*) FROM intake_submission GROUP BY 1")),
    )
    assert installation.sql("SELECT count(*) FROM intake_lead") == [(len(leads),)]
    everybody_arrives(installation, leads)

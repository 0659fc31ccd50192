"""Many leads at once: none lost, none double, and fairly given out."""

import pytest

from tests.make.installation import FULL, everybody_arrives, people

pytestmark = pytest.mark.drill
LEADS = 1000 if FULL else 300
WEIGHTS = {
    "AMER round robin": {"alice@acme.test": 3, "bob@acme.test": 2, "carla@acme.test": 1},
    "DACH round robin": {"dieter@acme.test": 1, "eva@acme.test": 1},
}


def test_a_crowd_of_sixteen_clients_is_handed_off_once_each_and_as_the_weights_say(installation):
    leads = people(LEADS)
    ids = installation.post_all(leads, clients=16)
    assert len(set(ids)) == LEADS
    assert None not in ids
    everybody_arrives(installation, leads)
    assert installation.sql("SELECT count(*), count(DISTINCT lead_id) FROM intake_submission") == [
        (LEADS, LEADS)
    ]
    assert installation.sql("SELECT count(*) FROM routing_historicalassignment") == [(LEADS,)]
    for rotation, weights in WEIGHTS.items():
        given = dict(
            installation.sql(
                "SELECT o.email, count(*) FROM routing_rotationturn t JOIN routing_owner o ON o.id = t.owner_id"
                " JOIN routing_rotation r ON r.id = t.rotation_id"
                " JOIN routing_assignment a ON a.turn_id = t.id AND a.owner_id = t.owner_id"
                " WHERE r.name = %s GROUP BY 1",
                rotation,
            )
        )
        assert sum(given.values()) == LEADS / 2
        for owner, weight in weights.items():
            assert abs(given[owner] - LEADS / 2 * weight / sum(weights.values())) < 1, (rotation, given)

"""I2: a lead is written only together with its assignment; proved at commit by a deferred constraint trigger."""

from django.db import migrations

CREATE = """
CREATE FUNCTION routing_lead_has_assignment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM intake_lead WHERE id = NEW.id)
       AND NOT EXISTS (SELECT 1 FROM routing_assignment WHERE lead_id = NEW.id) THEN
        RAISE EXCEPTION 'Lead % has no assignment', NEW.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER lead_has_assignment AFTER INSERT ON intake_lead
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION routing_lead_has_assignment();

CREATE FUNCTION routing_assignment_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM intake_lead WHERE id = OLD.lead_id)
       AND NOT EXISTS (SELECT 1 FROM routing_assignment WHERE lead_id = OLD.lead_id) THEN
        RAISE EXCEPTION 'Lead % would lose its assignment', OLD.lead_id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER assignment_stays AFTER DELETE ON routing_assignment
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION routing_assignment_stays();
"""

DROP = """
DROP TRIGGER assignment_stays ON routing_assignment;
DROP FUNCTION routing_assignment_stays();
DROP TRIGGER lead_has_assignment ON intake_lead;
DROP FUNCTION routing_lead_has_assignment();
"""


class Migration(migrations.Migration):
    dependencies = [("routing", "0001_initial"), ("intake", "0001_initial")]

    operations = [
        migrations.RunSQL(CREATE, DROP),
        # Caps are counted from the history: automatic assignments of an owner since midnight or Monday.
        migrations.RunSQL(
            "CREATE INDEX history_caps ON routing_historicalassignment (owner_id, assigned_at) WHERE automatic;",
            "DROP INDEX history_caps;",
        ),
    ]

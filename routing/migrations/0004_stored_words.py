"""What is stored says backup, holding queue and notified, too."""

from django.db import migrations


def rename_stored_words(apps, schema_editor):
    Queue = apps.get_model("routing", "Queue")
    for queue in Queue.objects.filter(holding_queue=True, name__endswith=": waiting line"):
        queue.name = queue.name.removesuffix(": waiting line") + ": holding queue"
        queue.save(update_fields=["name"])
    for model in ("Assignment", "HistoricalAssignment"):
        apps.get_model("routing", model).objects.filter(source="waiting_line").update(source="holding_queue")
    TimelineEntry = apps.get_model("intake", "TimelineEntry")
    TimelineEntry.objects.filter(verb="routing.told").update(verb="routing.notified")
    TimelineEntry.objects.filter(source="waiting_line").update(source="holding_queue")
    ExceptionItem = apps.get_model("exception_queue", "ExceptionItem")
    ExceptionItem.objects.filter(kind="routing.waiting_line_stuck").update(kind="routing.holding_queue_stuck")
    # Beat makes the sweep anew under its new name; under the old one it would call a task that is gone.
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(
        task="routing.release_waiting_lines"
    ).delete()
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE routing_decision SET
                ownership = replace(replace(ownership::text, '"cover":', '"backup":'),
                                    '"tell_owner_only"', '"notify_owner_only"')::jsonb,
                outcome = (outcome - 'settled' - 'bond_owner')
                    || jsonb_build_object('resolved', outcome -> 'settled', 'sticky_owner', outcome -> 'bond_owner')
            WHERE outcome ? 'settled'
            """
        )


class Migration(migrations.Migration):
    dependencies = [
        ("routing", "0003_words"),
        ("intake", "0001_initial"),
        ("exception_queue", "0002_words"),
        ("django_celery_beat", "0001_initial"),
    ]

    operations = [migrations.RunPython(rename_stored_words, migrations.RunPython.noop)]

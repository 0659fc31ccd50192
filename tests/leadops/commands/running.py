"""A management command as its caller sees it."""

from io import StringIO

from django.core.management import call_command


def run(name, *args, **options):
    """(exit status, standard output, standard error); CommandError comes through."""
    out, err = StringIO(), StringIO()
    try:
        call_command(name, *args, stdout=out, stderr=err, no_color=True, **options)
    except SystemExit as end:
        return end.code, out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()

"""Rows that also come and go as a table: CSV, XLSX and their like."""

from django.http import HttpRequest
from import_export.admin import ImportExportModelAdmin
from unfold.contrib.import_export.forms import ExportForm, ImportForm

from plumbing import access
from plumbing.admin_kit.pages import ConfigurationPage


class TablePage(ImportExportModelAdmin, ConfigurationPage):
    """An import adds rows and changes others, so it needs both permissions, and everybody's rows; an export is another way to
    look."""

    import_form_class = ImportForm
    export_form_class = ExportForm

    def has_import_permission(self, request: HttpRequest) -> bool:
        # A file names rows of all teams.
        return bool(
            self.has_add_permission(request)
            and self.has_change_permission(request)
            and not access.is_limited(request.user, self.model, "act")
        )

    def has_export_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_view_permission(request))

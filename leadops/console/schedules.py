"""django-celery-beat's pages in the looks of the console."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django_celery_beat.admin import ClockedScheduleAdmin as BeatClockedScheduleAdmin
from django_celery_beat.admin import CrontabScheduleAdmin as BeatCrontabScheduleAdmin
from django_celery_beat.admin import PeriodicTaskAdmin as BeatPeriodicTaskAdmin
from django_celery_beat.admin import PeriodicTaskForm, TaskSelectWidget
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from plumbing.admin_kit.pages import TitledList

for model in (ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule):
    admin.site.unregister(model)


class TaskSelect(UnfoldAdminSelectWidget, TaskSelectWidget):
    """The registered tasks as choices."""


class PeriodicTaskPageForm(PeriodicTaskForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskSelect()


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(BeatPeriodicTaskAdmin, TitledList):
    list_title = "Tasks"
    # Theirs has a script in the page, for a line of help; ours shows that line as a field.
    change_form_template = "admin/change_form.html"
    form = PeriodicTaskPageForm
    list_display = ["name", "enabled", "scheduler", "last_run_at", "total_run_count"]
    list_filter = ["enabled"]
    list_fullwidth = True
    date_hierarchy = None
    empty_title = "Nothing is scheduled"
    empty_text = "The sweeps are written here when the scheduler starts (celery beat)."

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """django-celery-beat offers its actions (enable, disable, toggle, run) to everybody who may look."""
        actions: dict[str, Any] = super().get_actions(request)
        if self.has_change_permission(request):
            return actions
        return {name: action for name, action in actions.items() if name == "delete_selected"}


class TasksInline(TabularInline):
    model = PeriodicTask
    fields = readonly_fields = ["name", "task", "enabled", "last_run_at"]
    verbose_name_plural = "tasks that use this schedule"
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, *args: Any) -> bool:
        return False


class ScheduleAdmin(TitledList):
    inlines = [TasksInline]
    list_fullwidth = True


@admin.register(IntervalSchedule)
class IntervalScheduleAdmin(ScheduleAdmin):
    list_title = "Intervals"


@admin.register(SolarSchedule)
class SolarScheduleAdmin(ScheduleAdmin):
    list_title = "Solar"


@admin.register(ClockedSchedule)
class ClockedScheduleAdmin(BeatClockedScheduleAdmin, ScheduleAdmin):
    list_title = "Clocked"
    inlines = [TasksInline]


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(BeatCrontabScheduleAdmin, ScheduleAdmin):
    list_title = "Crontabs"
    inlines = [TasksInline]

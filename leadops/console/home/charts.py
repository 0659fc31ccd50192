"""Data for Unfold's chart components. Labels are instants; a script shows them in the viewer's zone."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from leadops import handoff
from leadops.console import figures

HOURS = 24
_SEGMENT_COLOURS = {
    "hot": "var(--color-red-500)",
    "warm": "var(--color-orange-400)",
    "cold": "var(--color-blue-400)",
    "disqualified": "var(--color-base-400)",
    "unscored": "var(--color-base-300)",
}


def charts(day: datetime, *, now: datetime) -> dict[str, Any]:
    """Leads by hour and segment, and the seconds from submit to CRM: of the 24 hours since `day`."""
    first = day.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    hours = [first + timedelta(hours=n) for n in range(HOURS)]
    labels = [hour.isoformat() for hour in hours]
    by_segment = figures.leads_by_hour(since=first)
    by_hour = handoff.by_hour(since=first, until=now)
    segments = [name for name in _SEGMENT_COLOURS if any(segment == name for _, segment in by_segment)]
    leads = [
        {
            "label": name.capitalize(),
            "data": [by_segment.get((hour, name), 0) for hour in hours],
            "backgroundColor": _SEGMENT_COLOURS[name],
            "stack": "leads",
        }
        for name in segments
    ]
    seconds = [
        {
            "label": label,
            "data": [
                _rounded(getattr(by_hour[hour].received_to_crm, field)) if hour in by_hour else None
                for hour in hours
            ],
            "borderColor": colour,
            "backgroundColor": colour,
            "spanGaps": True,
            "pointRadius": 2,
        }
        for label, field, colour in (
            ("p95", "p95", "var(--color-primary-500)"),
            ("p50", "p50", "var(--color-green-500)"),
        )
    ]
    return {
        "leads_chart": json.dumps({"labels": labels, "datasets": leads}) if leads else "",
        "latency_chart": json.dumps({"labels": labels, "datasets": seconds})
        if any(row.received_to_crm.count for row in by_hour.values())
        else "",
        "leads_options": json.dumps(_options(stacked=True)),
        "latency_options": json.dumps(_options(stacked=False)),
    }


def _options(*, stacked: bool) -> dict[str, Any]:
    """As Unfold's own, with a legend in words and an axis with numbers."""
    ticks = {"color": "#9ca3af", "maxTicksLimit": 8, "maxRotation": 0}
    return {
        "animation": False,
        "responsive": True,
        "maintainAspectRatio": False,
        "maxBarThickness": 18,
        "interaction": {"mode": "index", "intersect": False},
        "datasets": {"bar": {"borderRadius": 2}, "line": {"borderWidth": 2, "tension": 0.3}},
        "plugins": {
            "legend": {
                "display": True,
                "align": "end",
                "labels": {
                    "boxHeight": 6,
                    "boxWidth": 6,
                    "usePointStyle": True,
                    "pointStyle": "circle",
                    "color": "#9ca3af",
                },
            }
        },
        "scales": {
            "x": {"stacked": stacked, "border": {"width": 0}, "ticks": ticks, "grid": {"display": False}},
            "y": {
                "stacked": stacked,
                "beginAtZero": True,
                "border": {"width": 0, "dash": [4, 4]},
                "ticks": {"color": "#9ca3af", "precision": 0} if stacked else {"color": "#9ca3af"},
            },
        },
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 2)

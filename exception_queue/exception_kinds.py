from exception_queue.kinds import SUBJECT_PAGE, ExceptionKind

ALERT_UNDELIVERED = "exception_queue.alert_undelivered"

KINDS = [
    ExceptionKind(
        key=ALERT_UNDELIVERED,
        title="An alert could not be delivered",
        severity="high",
        what_to_do=(
            "Nobody heard of the exceptions that this alert was about. Read the cause: it is what the mail "
            "server or service said. Correct the addresses of the alert rule or the outgoing mail "
            "(EMAIL_URL), then retry: the alert is sent again."
        ),
        retry="exception_queue.alerts.retry_undelivered",
        action_label="Open the alert rule",
        action_page=SUBJECT_PAGE,
    ),
]

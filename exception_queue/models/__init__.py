from exception_queue.models.alerts import AlertMention, AlertNotice, AlertRule
from exception_queue.models.items import ExceptionItem, ExceptionNote, load_pages

__all__ = ["AlertMention", "AlertNotice", "AlertRule", "ExceptionItem", "ExceptionNote", "load_pages"]

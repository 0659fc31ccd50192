"""What CRMs send us."""

import logging

from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from prometheus_client import Counter
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from crm_sync.connectors.events import MalformedEvents
from crm_sync.inbound import webhook_events
from leadops import disk
from leadops.api.documents import problems
from leadops.api.problems import ApiProblem, no_space
from plumbing.signatures import BadSignature

log = logging.getLogger(__name__)
refused = Counter(
    "leadops_crm_events_refused_total", "Bodies of a CRM's events that were not taken", ["connection", "why"]
)


class CrmWebhookView(APIView):
    """Events of a CRM connection: verified, stored, answered; worked on afterwards."""

    authentication_classes = ()
    permission_classes = ()

    @extend_schema(
        operation_id="receive_crm_events",
        summary="Take a CRM's events",
        request=OpenApiTypes.OBJECT,
        tags=["webhooks"],
        responses={204: None, (200, "text/xml"): OpenApiTypes.STR, **problems(400, 401, 404, 408, 413, 507)},
        auth=[{name: []} for name in webhook_events.security_schemes()],  # type: ignore[misc]
    )
    def post(self, request: Request, connection_key: str) -> HttpResponseBase:
        """Events as the connection's CRM sends them, with its own signature."""
        if (room := disk.room()) is not None and room.is_none:
            raise no_space()
        try:
            accepted = webhook_events.accept(
                connection_key=connection_key,
                headers=dict(request.headers),
                raw_body=request.body,
                method=request.method or "POST",
                uri=settings.LEADOPS_PUBLIC_URL + request.get_full_path(),
                now=timezone.now(),
            )
        except webhook_events.UnknownConnection as error:
            raise ApiProblem(404, "There is no such connection, or it does not send events.") from error
        except BadSignature as error:
            log.warning("Events for %s are refused: %s", connection_key, error)
            refused.labels(connection=connection_key, why="signature").inc()
            raise ApiProblem(401, "The signature does not match.") from error
        except webhook_events.WrongAccount as error:
            log.warning("Events for %s are refused: %s", connection_key, error)
            refused.labels(connection=connection_key, why="account").inc()
            raise ApiProblem(401, str(error)) from error
        except MalformedEvents as error:
            refused.labels(connection=connection_key, why="malformed").inc()
            raise ApiProblem(400, str(error)) from error
        if accepted.acknowledgement is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        content_type, text = accepted.acknowledgement
        return HttpResponse(text, content_type=content_type)

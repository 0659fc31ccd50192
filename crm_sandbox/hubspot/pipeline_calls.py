"""pipelines/{type}: the calls that read pipelines and their stages."""

from __future__ import annotations

from crm_sandbox.hubspot import pipelines
from crm_sandbox.hubspot.errors import not_found
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.wire import Reply, Request


def page(portal: Portal, request: Request, object_type: str) -> Reply:
    with portal.store.reading() as db:
        found = pipelines.known(db, object_type=object_type)
    return Reply(200, {"results": found}, records=len(found))


def read(portal: Portal, request: Request, object_type: str, name: str) -> Reply:
    with portal.store.reading() as db:
        found = pipelines.one(db, name, object_type=object_type)
    return Reply(200, found, records=1)


def stages(portal: Portal, request: Request, object_type: str, name: str) -> Reply:
    with portal.store.reading() as db:
        found = pipelines.one(db, name, object_type=object_type)["stages"]
    return Reply(200, {"results": found}, records=len(found))


def stage(portal: Portal, request: Request, object_type: str, name: str, stage_name: str) -> Reply:
    with portal.store.reading() as db:
        found = pipelines.stage_of(pipelines.one(db, name, object_type=object_type), stage_name)
    if found is None:
        raise not_found(f"Stage {stage_name} does not exist in pipeline {name}")
    return Reply(200, found, records=1)

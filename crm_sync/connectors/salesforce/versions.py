"""The versions of the REST API that are called: pinned, and raised by hand.

A version lives for at least three years. https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/api_rest_eol.htm
"""

from datetime import date

from crm_sync.connectors.base import ApiVersion

# Spring '26 and Winter '25; three years after they came.
VERSIONS = (ApiVersion("v66.0", ends_on=date(2029, 2, 1)), ApiVersion("v62.0", ends_on=date(2027, 10, 1)))


def path_of(version: str) -> str:
    return f"/services/data/{version}"

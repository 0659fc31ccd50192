"""Who is there already, by the org's own rules about duplicates.

A record of a collection that such a rule refuses says no more than that. Written once more, alone, it names the records that were
matched: leads, contacts, or what our user does not see.
https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_duplicaterules.htm
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from crm_sync.connectors.base import AlikeRecords, Present
from crm_sync.connectors.salesforce.formats import is_id, long_id
from crm_sync.connectors.salesforce.people import People
from crm_sync.connectors.salesforce.records import EMAIL, object_of

# The key is misspelled in real answers.
_BLOCKS = ("duplicateResut", "duplicateResult")


def described(
    refusals: Sequence[tuple[str, str, Mapping[str, str]]],
    bodies: Sequence[Any],
    people: People,
    *,
    names: Sequence[str],
) -> list[AlikeRecords]:
    """For each refusal (what was to be made, the words, the properties), with the body of its answer. One call reads all of them.

    Where the answer names nobody, whoever has the address is meant.
    """
    blocks = [_block(body) for body in bodies]
    ids = [list(_matched(block)) for block in blocks]
    wanted = {each for some in ids for each in some if object_of(each) is not None}
    there = people.read(sorted(wanted), by="id", names=names)
    unnamed = [
        properties.get(EMAIL, "") for some, (_, _, properties) in zip(ids, refusals, strict=True) if not some
    ]
    by_address = people.read([each for each in unnamed if each], by="email", names=names)
    return [
        _alike(
            made, words, block=block, ids=some, there=there, other=by_address.get(properties.get(EMAIL, ""))
        )
        for (made, words, properties), block, some in zip(refusals, blocks, ids, strict=True)
    ]


def _alike(
    made: str,
    words: str,
    *,
    block: Mapping[str, Any],
    ids: Sequence[str],
    there: Mapping[str, Present],
    other: Present | None,
) -> AlikeRecords:
    # Two that were matched may be one by now: what was merged or converted is answered with what it became.
    seen = {each.remote_id: each for each in (there.get(one) for one in ids) if each is not None}
    found = list(seen.values()) if ids else [other] if other is not None else []
    return AlikeRecords(
        words,
        records=found,
        unseen=sum(one not in there for one in ids),
        made=made,
        passable=bool(block.get("allowSave")),
    )


def _block(body: Any) -> Mapping[str, Any]:
    for said in body if isinstance(body, list) else ():
        for name in _BLOCKS:
            if isinstance(said, Mapping) and isinstance(said.get(name), Mapping):
                found: Mapping[str, Any] = said[name]
                return found
    return {}


def _matched(block: Mapping[str, Any]) -> Iterator[str]:
    """Ids, each once."""
    known = set[str]()
    for result in block.get("matchResults") or ():
        for match in result.get("matchRecords") or ():
            found = long_id(str((match.get("record") or {}).get("Id") or ""))
            if is_id(found) and found not in known:
                known.add(found)
                yield found

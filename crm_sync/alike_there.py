"""What an outbox row remembers of a lead that a rule of the CRM takes for somebody who is there already."""

from plumbing.json_shapes import JsonShape


class AlikeThere(JsonShape):
    """One record: `kind` as the CRM calls it, `owner` as people call them, `values` by property. `lead`: the id of the lead of
    ours that it belongs to already."""

    remote_id: str
    kind: str = ""
    owner: str = ""
    lead: str = ""
    values: dict[str, str] = {}


class AlikeSaid(JsonShape):
    """`words` are the CRM's, `ours` what was to be written, by property, into a record that the CRM calls `made`.

    `unseen`: how many more records are meant that we may not see. `passable`: it can be written all the same. `linked`: the lead
    has a record of its own there already.
    """

    words: str = ""
    made: str = ""
    ours: dict[str, str] = {}
    records: list[AlikeThere] = []
    unseen: int = 0
    passable: bool = False
    linked: bool = False

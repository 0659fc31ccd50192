from exception_queue.kinds import SUBJECT_PAGE, ExceptionKind, VerbWords

UNAVAILABLE = "crm.unavailable"
CALLS_USED_UP = "crm.calls_used_up"
AUTH_LOST = "crm.auth_lost"
SETUP = "crm.setup"
UNKNOWN_PROPERTY = "crm.unknown_property"
VALUE_LEFT_OUT = "crm.value_left_out"
DRIFT = "crm.drift"
REJECTED = "crm.rejected"
RULE_BROKEN = "crm.rule_broken"
FAILING = "crm.failing"
DUPLICATE = "crm.duplicate"
RECORD_GONE = "crm.record_gone"
EVENTS_UNREADABLE = "crm.events_unreadable"
MIRROR_BEHIND = "crm.mirror_behind"
NOT_TAKEN = "crm.not_taken"
OWNER_UNKNOWN = "crm.owner_unknown"
OWNER_ARCHIVED = "crm.owner_archived"
PING_PONG = "crm.ping_pong"
CHANGE_REFUSED = "crm.change_refused"
TWO_OWNERS = "crm.two_owners"

KINDS = [
    ExceptionKind(
        key=UNAVAILABLE,
        title="The CRM does not answer",
        severity="high",
        what_to_do=(
            "Leads are routed and owners are told as usual; what is to be written waits in the outbox and is "
            "sent when the CRM answers again; a minute without a failure later this closes by itself. If it stays: look at "
            "the CRM's status "
            "page, then at the connection's address and at your network. Retry asks the CRM at once."
        ),
        retry="crm_sync.connection.circuit.resume",
    ),
    ExceptionKind(
        key=CALLS_USED_UP,
        title="The CRM's calls of a day are used up",
        severity="high",
        what_to_do=(
            "The account's limit of calls counts everything that calls it, not leadops alone: find out in the CRM who uses "
            "them, and stop that, or buy more. "
            "Leads are routed and owners are told as usual; what is to be written waits in the outbox. It is asked every few "
            "minutes whether calls are left again, and this closes by itself. Retry asks at once."
        ),
        retry="crm_sync.connection.circuit.resume",
    ),
    ExceptionKind(
        key=AUTH_LOST,
        title="The CRM does not let us in",
        severity="high",
        what_to_do=(
            "The access token is missing, revoked or lacks a permission; the cause says which. Set up access, on the "
            "connection's page, says how to make a new one, lists what it has to be allowed, takes it and tries it. Nothing "
            "is lost: it waits in the outbox. It is also tried by itself, after seconds at first, then every five minutes, "
            "and closes when the CRM lets us in again; retry tries at once."
        ),
        retry="crm_sync.connection.circuit.resume",
        panel="crm_sync.admin.access.panel",
    ),
    ExceptionKind(
        key=SETUP,
        title="A connection cannot be used as it is set up",
        severity="high",
        what_to_do=(
            "The connection's settings and the CRM do not fit, so nothing is written there; the cause says what lacks. Either "
            "here (an address, a client id, a token, a version that is still supported, the connector of its kind): correct "
            "it on the connection's page. Or in the CRM (the field for our id, that it is unique, that our user sees it): "
            "send the cause to whoever looks after the CRM. Leads are routed and told meanwhile, and wait in the outbox; "
            "other connections go on. Saving the connection tries again, and so does retry. A connection that is not wanted "
            "should be switched off."
        ),
        retry="crm_sync.connection.circuit.resume",
    ),
    ExceptionKind(
        key=UNKNOWN_PROPERTY,
        title="The CRM does not have a property",
        severity="medium",
        what_to_do=(
            "The leads are in the CRM, without this one value. Make the property in the CRM, or correct or switch "
            "off its line in the connection's mappings: the missing values are written when the connection is saved, or "
            "within an hour. Retry writes them at once. It closes by itself when no lead lacks the value."
        ),
        retry="crm_sync.outbound.left_out.retry",
    ),
    ExceptionKind(
        key=VALUE_LEFT_OUT,
        title="A value does not fit its property in the CRM",
        severity="medium",
        what_to_do=(
            "The leads are in the CRM, without this one value; the count says how often that happened, the cause how many "
            "lack it now. Translate the value to an option of the property, on this page; or add the option in the CRM, or "
            "correct or switch off the line in the connection's mappings: the missing values are written when that is saved, "
            "or within an hour. Retry writes them at once. It closes by itself when no lead lacks the value."
        ),
        retry="crm_sync.outbound.left_out.retry",
        panel="crm_sync.admin.translating.panel",
    ),
    ExceptionKind(
        key=DRIFT,
        title="The CRM has changed under our mappings or owners",
        severity="medium",
        what_to_do=(
            "Told before a lead fails on it; the cause says what it is and which leads it would hit. A mapped property is gone, "
            "read-only, of another kind or shorter by now: correct the line in the connection's mappings, or the property in "
            "the CRM. A property is required now: add a line that fills it. Somebody who gets leads is no owner there, or two "
            "have their address: invite, activate or correct them in the CRM. The token has lost a scope: Set up access, on the "
            "connection's page, says what it is for; give it back. All of that is read each hour, and this closes by itself. "
            "Retry reads it at once."
        ),
        retry="crm_sync.outbound.drift.look_again",
    ),
    ExceptionKind(
        key=REJECTED,
        title="The CRM refuses a lead",
        severity="high",
        what_to_do=(
            "The CRM has read this lead and does not take it; the cause is what it says, and the lead's page, under Sync, "
            "what was sent. Ops: where a value is wrong or lacks (a last name or a company, where every record needs one), "
            "complete it on the lead; where it happens to many, correct the line of the mapping. Whoever looks after the CRM: "
            "a right, a rule or a duplicate that the cause names. Then retry; any change of the lead tries again too. The "
            "owner has been told anyway, but does not see the lead in the CRM."
        ),
        retry="crm_sync.outbox.retry_dead",
    ),
    ExceptionKind(
        key=RULE_BROKEN,
        title="A rule of the CRM refuses leads",
        severity="high",
        what_to_do=(
            "An admin of the CRM has made a rule for writing, and these leads break it; the cause is what the CRM says. Map a "
            "field to the property that it asks for; say what stands there for leads without such a value, on the item's "
            "page; correct the leads; or change the rule in the CRM, where its properties are set up. Saving the connection "
            "tries all of them again, and so does retry; one is tried each hour, and brings the others with it when it goes. "
            "It closes by itself when the last of them is there. The owners have been told anyway, but do not see their leads "
            "in the CRM."
        ),
        retry="crm_sync.outbound.broken_rules.retry",
        panel="crm_sync.admin.refused_leads.panel",
    ),
    ExceptionKind(
        key=DUPLICATE,
        title="The CRM takes a lead for somebody who is there already",
        severity="high",
        what_to_do=(
            "An admin of the CRM has made a rule about duplicates, and it refuses the lead; the owner has been told anyway, but "
            "does not see the lead there. The item shows both sides. “It is this one”: the lead is linked to that record, its "
            "values are written into it by the mapping, and whoever owns it there keeps it as the connection says. “Save it "
            "anyway”: the lead gets a record of its own; a rule that only warns lets that pass, one that blocks does not. A "
            "record that leadops may not see there: give its user the right to read it, or look there yourself. What happens "
            "without asking is the connection's choice, “When a rule says they are there already” below “People known there”. "
            "Dismissed, the lead stays out of the CRM until it changes."
        ),
        retry="crm_sync.outbound.alike_records.save_anyway",
        retry_words=VerbWords(
            "Save it anyway",
            "Save all anyway",
            "Each lead gets a record of its own in the CRM, where its rule lets that pass.",
        ),
        panel="crm_sync.admin.alike.panel",
    ),
    ExceptionKind(
        key=FAILING,
        title="The CRM keeps failing on a lead",
        severity="medium",
        what_to_do=(
            "The CRM takes other leads, and on this one it has trouble of its own (the cause is what it says; a record that "
            "somebody else keeps locked, or an automation there that fails on it). It is no refusal, so it is tried again for "
            "ever, in the end every few minutes, and this closes by itself when it passes. If it stays for hours, whoever "
            "looks after the CRM opens the record by hand, looks for an automation that the cause names, then asks its "
            "support. Retry tries at once."
        ),
        retry="crm_sync.outbox.retry_failing",
    ),
    ExceptionKind(
        key=MIRROR_BEHIND,
        title="The CRM's records cannot be read",
        severity="medium",
        what_to_do=(
            "Leads are routed and written as usual, but who is a customer there, or has an open deal, is not known any "
            "better than at the last reading. The cause is what the CRM says, mostly that the access token lacks a "
            "scope: contacts, companies and deals are read. Set up access, on the connection's page, tries each. It is asked "
            "again each minute, and closes by itself. Retry asks at once."
        ),
        retry="crm_sync.polling.trouble.ask_again",
        panel="crm_sync.admin.access.panel",
    ),
    ExceptionKind(
        key=RECORD_GONE,
        title="A lead's record is gone in the CRM",
        severity="medium",
        what_to_do=(
            "Somebody deleted or erased the record there, or merged it into another lead's. The lead is shown so, and nothing "
            "is written for it until you say what you want. Ask its owner: one that was deleted by mistake is best restored "
            "in the CRM, which closes this by itself; one that was cleaned up is left. After an erasure for privacy a new "
            "record needs a reason. A lead that only moved to another CRM by the connections' conditions is not asked about."
        ),
        retry="crm_sync.lost_records.create_again",
        retry_words=VerbWords(
            "Create again",
            "Create all again",
            "Each lead gets a new record in the CRM, with all that is known of it.",
        ),
        dismiss_words=VerbWords(
            "Leave it",
            "Leave all",
            "No record is made. The lead stays here, and its page says that it is gone there.",
        ),
        on_dismiss="crm_sync.lost_records.leave",
    ),
    ExceptionKind(
        key=EVENTS_UNREADABLE,
        title="Events of the CRM could not be read",
        severity="low",
        what_to_do=(
            "They are signed by the CRM and name no record, so what they told of is not known here; the detail has the first "
            "of them. The others that came with them were taken. A sweep looks at every record once a day anyway: resolve "
            "this when you have seen that the app there sends events about contacts only."
        ),
    ),
    ExceptionKind(
        key=NOT_TAKEN,
        title="A contact made in the CRM could not be taken",
        severity="high",
        what_to_do=(
            "Somebody made a contact in the CRM that should be a lead, and it is none yet. Read the cause: a form with the "
            "connection's key needs another one, or it is a defect of leadops (the log has it whole). It is tried again by "
            "itself and closes when all of them were taken; retry tries at once."
        ),
        retry="crm_sync.born_there.taking.try_again",
    ),
    ExceptionKind(
        key=OWNER_UNKNOWN,
        title="An owner does not exist in the CRM",
        severity="medium",
        what_to_do=(
            "Leads of this owner stand in the CRM that the cause names without an owner, and other CRMs show them as they "
            "should. Whoever looks after that CRM invites the person with the same e-mail address, or activates them there; "
            "or correct the address here, or reassign the leads. Then retry. It also closes by itself when the person appears "
            "there: owners are read every five minutes."
        ),
        retry="crm_sync.connection.owners.retry_unknown",
    ),
    ExceptionKind(
        key=OWNER_ARCHIVED,
        title="An owner is archived in the CRM",
        severity="medium",
        what_to_do=(
            "Somebody deactivated this person in the CRM, so no new lead goes to them. Their open leads move by routing at the "
            "time that the cause says (24 hours, LEADOPS_LEADS_LEAVE_AFTER). If the person has left, switch them off on "
            "their page here: their leads move at once, and rotations and accounts end. If not, activate them in the CRM: "
            "nothing moves. The owners are read every five minutes, and this closes by itself. Retry reads them at once."
        ),
        retry="crm_sync.connection.archived.ask_again",
        action_label="Open the owner",
        action_page=SUBJECT_PAGE,
    ),
    ExceptionKind(
        key=PING_PONG,
        title="An automation in the CRM keeps changing a value back",
        severity="medium",
        what_to_do=(
            "Two rules disagree about this record. We have stopped writing the value into the CRM that the cause names; what "
            "stands there stays, and what another CRM says is still taken over. Whoever looks after that CRM: find the workflow, "
            "flow or assignment that sets it, and switch it off or exclude our leads. Or, under Who decides on the connection's "
            "page, let one side be right: the CRM, or leadops. Two CRMs whose automations undo each other cannot both be right. "
            "Retry starts writing it again."
        ),
        retry="crm_sync.inbound.webhook_events.write_again",
    ),
    ExceptionKind(
        key=CHANGE_REFUSED,
        title="A change made in the CRM could not be taken over",
        severity="medium",
        what_to_do=(
            "Somebody changed the lead in the CRM to something that is not possible here; the cause says why, mostly that "
            "whoever they gave it to is no owner here. The CRM keeps what they typed, and we do not write over it until ours "
            "changes; other CRMs show what we have. Make it possible (add or activate the owner, say) and retry, or assign "
            "the lead here: that is written there."
        ),
        retry="crm_sync.inbound.webhook_events.retry_refused",
    ),
    ExceptionKind(
        key=TWO_OWNERS,
        title="Somebody else has the record in the CRM",
        severity="medium",
        what_to_do=(
            "The lead was given to somebody while nobody could ask the CRM, and there the record belonged to another owner, "
            "who keeps it (People known there, on the connection's page, says so). Both may be talking to the person, so ask "
            "them soon. Give the lead to them, change the owner there, or reassign it here to somebody else: that is written "
            "there, and into other CRMs."
        ),
        retry="crm_sync.looking.learning.give_to_theirs",
        retry_words=VerbWords(
            "Give it to theirs",
            "Give all to theirs",
            "Each lead goes to whoever has its record in the CRM.",
        ),
    ),
]

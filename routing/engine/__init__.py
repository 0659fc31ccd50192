"""Everything routing decides: pure functions over facts and state, without Django, database or clock.

`now` is always an argument and always aware. Ids are ints or strings and come back as they were given.
Facts are a mapping of canonical field -> value (`extra.<key>` flat or under "extra"), plus `segment` and
`score` once scored; decide() adds `territory` (names, deepest first) and `account` (the named account's
name). Keyword arguments are written with `=`. What has to_json() gives dicts that json.dumps takes.

durations
    parse("30m"|"4h"|"4bh"|"1bd"|"50%", clock="wall"|"team"|"owner") -> Duration(kind, seconds, amount, ...)
        kind: wall | opening | business_hours | business_days | percent; in_words(duration); DurationError
business_time (opening_hours: the texts)
    Calendar.from_json({"name", "timezone", "hours": {"mon-fri": ["09:00-17:30"]},
                        "holidays": {"country", "subdivision"}, "days": [{"date", "hours"}]})
    .is_open(at)  .next_opening(at)  .add(start, seconds)  .elapsed(start, end) -> seconds
    .add_business_days(start, n)  .explain(start, due) -> one row per date; CalendarError, NeverOpens
conditions, wording (operators: what one comparison means)
    check(condition, known_fields) -> [Problem(path, message)]; matches(condition, facts) -> bool
    matcher(condition) -> the same, compiled; leaves(condition)
    explain(condition, facts)
        -> [{"path", "group", "field", "operator", "wanted", "actual", "holds", "ok"}]
    sentence(condition, labels) -> "country is DE, AT or CH and segment is hot or warm"; why_not(row)
ruleset
    RuleSet.from_json(snapshot) compiles, .to_json() gives it back; RuleSetError, TerritoryError. Snapshot:
    {"format": 1, "version": 7,
     "rules": [{"id", "name", "when", "position", "active",
                "target": {"kind": "owner|queue|rotation|account_owner", "id", "name"}}],
     "territories": [{"id", "name", "parent_id", "when"}],
     "scoring": {"thresholds": {"hot", "warm"}, "rules": [{"label", "category", "points", "when"}],
                 "disqualify": [{"reason", "when"}], "caps": {category: points}},
     "stickiness": {"enabled", "days", "when_owner_away": "rotate|keep"},
     "sla_policies": [{"id", "name", "when", "clock": "wall|team|owner", "first_response",
                       "steps": [{"at", "do", ...params}]}],
     "fallback_queue": {"id", "name"} | null}
    An account_owner target has the id "" and the name "".
territories, scoring
    TerritoryMap.belongs(facts) -> (deepest, parent, ...); names(path)
    Score(points, segment, reasons=(Reason(label, points, category),), disqualify_reason)
    after_return(before, now) -> the better Score
standing, decide
    Standing(manual_lock=, open_deal=, account_owner=, account_name=, sticky=, candidate_owner=,
             candidate_name=, current=, current_active=, returning=)
    StandingOwner(id, name, active=, away=, away_text=, cover=); Bond(owner, since, territory_lost=,
             purpose_differs=)
    score(facts, ruleset, account=) -> Score
    decide(facts, ruleset, standing, now=) -> Decision(step, target: Ref, reason, rule_id, rule_name,
             segment, score, territories, no_rule_matched, bond_owner, ruleset_version, facts, trace)
    A trace row is {"step", "asked", "ok", "answer"}, for rules also {"rule_id", "rule", "rows"}.
settle, eligibility
    settle(decision, states={id: RotationState}, settings={id: RotationSettings}, fallback=Ref, skills=,
           inactive_owners=) -> Settlement(target: Ref, turns, states, left_out, nobody, trace)
        target.kind: owner | queue | hold (target is then the rotation in whose line the lead waits)
    RotationSettings(id, name, candidates, calendar_policy=, overflow_to_off_duty=, when_empty=)
    WhenEmpty(kind fallback|hold|assign_anyway|rotation|queue, to: Ref | None)
    Candidate(owner_id, name, active=, absent=, absent_text=, on_duty=, duty_text=, capped=, cap_text=,
              load=, load_limit=, skills=, past_owner=)
    eligible(candidates, policy=, overflow_to_off_duty=, skills=, ignore_caps=)
        -> Eligibility(present, qualified, left_out=(LeftOut(owner_id, name, why, reason),), group)
seen
    seen_by(settlement, states=, settings=, skills=, inactive_owners=) -> Seen: what of it was used, for storing
    Seen.from_json(..).rotations: SeenRotation(settings, turn, last_turns); .state(turn) -> RotationState
    standing_from_json(stored) -> Standing
rotation
    scaled(weight) -> hundredths; RotationState(rotation_id, members, turn);
    MemberState(owner_id, weight, credit, last_turn)
    pick(state, present, qualified) -> Turn; give_back(state, turn) -> Turn; after(state, turn) -> state
    add_member, remove_member, change_weight; next_picks(state, n); shares(turns) -> {owner_id: Share}
    Turn.to_json(), Turn.from_json(): {"rotation_id", "number", "kind": "pick|give_back", "picked",
        "picked_last_turn", "reverses", "rows": [{"owner_id", "weight", "before", "after", "qualified"}]}
returning
    returning(Previous(status, contacted, open_deal), Touch(purpose, same_form_within_10_minutes))
        -> Returning(action keep|new_clock|tell_owner_only|timeline_only, notify, task, reason)
sla
    policy_for(facts, ruleset) -> SlaPolicy | None; due_at(start, first_response, clock=, calendar=)
    steps_at(policy, customer_start=, owner_start=, calendar=)
        -> (StepDue(position, due_at, do, at, counted_from, params), ...)
    readings(start, first_response, calendar) -> {"wall", "opening"}; after_return(due, again); SlaError
linter (shadowing: which rules are never reached)
    check(snapshot, Live(rotations=, queues={id: name}, owners=, known_fields=))
        -> [Finding(level error|warning, where: Ref, message, mend)], errors first
    LiveRotation(id, name, members={owner ids}, when_empty=WhenEmpty); LiveOwner(id, name, active)
rule_index
    RuleIndex(conditions).first(facts) -> index | None; .every(facts) -> [index]
"""

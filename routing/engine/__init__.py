"""Deciding, pure: no Django, no database, no clock. The live stage, the simulator and the backtest run these very lines.

`conditions`, `operators`, `territories`, `rule_index` read rules; `ruleset` compiles a published snapshot; `scoring`, `decide`
and `returning` answer for one lead from its facts and its `ownership`; `eligibility`, `rotation` and `resolve` find the
person; `sla`, `business_time`, `durations` say by when; `linter`, `shadowing`, `wording` look at rules for people; `seen` is
what a decision looked at, so that it can be replayed.
"""

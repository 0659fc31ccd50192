"""A stand-in for the CRMs: real HTTP on 127.0.0.1 that behaves as the vendors document it.

It imports nothing of leadops, so that what leadops believes about a CRM is checked against other code.
`docs/sandbox.md` says what it does and where its facts come from.
"""

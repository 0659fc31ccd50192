"""Inputs that failed: each is modelled on a public bug report of another product, forum thread or vendor's page (`source`),
tried on leadops, and told with what should have become of it. Names, companies and numbers in them are invented.

`cases.jsonl` holds one case a line: `body` is posted to `form` after what stands in `before`; `kind` is the kind of fault, and
each kind has more tests, of inputs that nobody reported, beside the code that handles it.
"""

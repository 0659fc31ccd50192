"""Salesforce, as documented: one org behind its REST API. docs/sandbox.md says what it does and where its facts come from."""

"""Whether the database fits this version of the code: which migrations it has had, and what its tables look like."""

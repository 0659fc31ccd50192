"""Named accounts from a file: read, compared with what is there, shown, then applied in one transaction."""

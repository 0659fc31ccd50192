"""What is old enough goes: by kind, in small batches, a little at a time."""

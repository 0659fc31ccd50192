"""The baseline for taking submissions: a DRF view with a serializer and one ORM insert, and nothing around it."""

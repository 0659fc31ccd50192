"""Whose turn it is: who is there, the ledger of turns, members, holding queues."""

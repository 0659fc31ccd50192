"""People with access, the groups that say what they may do, and how somebody is let in."""

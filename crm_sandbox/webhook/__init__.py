"""A receiver of signed messages: any system that a connection of the kind webhook tells of leads."""

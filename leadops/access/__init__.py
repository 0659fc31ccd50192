"""Who gets in and may do what: the roles that are shipped, permissions by area of the business, API tokens."""

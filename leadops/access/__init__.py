"""Who may do what, in words: the roles that are shipped, and the permissions by area of the business."""

"""What all pages of the console are made of: pages, form fields, rows, moments."""

"""Looking people up in the CRM before anybody decides who gets them: in the mirror first, then there."""

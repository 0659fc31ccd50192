"""One CRM account: who sends, whether it answers, whom it knows."""

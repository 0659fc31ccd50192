"""When somebody must answer: calendars and clocks."""

"""Sets Django up; to be imported before what needs it."""

from leadops.wsgi import application as application

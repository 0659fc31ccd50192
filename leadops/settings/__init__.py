"""Django settings, one file per topic. Reading them has no side effects: no folder is made, no connection opened.

Every variable of the environment is read here and nowhere else, but for what the launcher hands to the processes that it
starts, and the proxies of outgoing calls, which `requests` reads itself. What the environment leaves out comes from the data
folder of a running `manage.py up` (addresses of the embedded services, generated secrets).
"""

from leadops.settings.backups import *
from leadops.settings.broker import *
from leadops.settings.environment import *
from leadops.settings.handoff import *
from leadops.settings.http_api import *
from leadops.settings.looks import *
from leadops.settings.mail import *
from leadops.settings.network import *
from leadops.settings.observing import *
from leadops.settings.parts import *
from leadops.settings.retention import *
from leadops.settings.secret_keys import *
from leadops.settings.signing_in import *
from leadops.settings.state import *

"""What gunicorn serves: the WSGI application named by LAB_WSGI, which must not read gunicorn's own arguments."""

import importlib
import os
import sys

sys.argv = [os.environ["LAB_WSGI"]]
application = importlib.import_module(os.environ["LAB_WSGI"]).application

"""What the server and the ``flask`` command load: ``granian --interface wsgi wsgi:app``, ``flask --app wsgi ...``."""

import os

from idp.app import create_app
from idp.errors import IdpError

try:
    app = create_app(serve=not os.environ.get("FLASK_RUN_FROM_CLI"))  # noqa: TID251 - Flask's own word, no setting of ours
except IdpError as err:
    raise SystemExit(f"Not started. {err}") from None

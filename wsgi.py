"""What the server and the ``flask`` command load: ``granian --interface wsgi wsgi:app``, ``flask --app wsgi ...``.

What a start makes stays as long as the process does. Looking through it for garbage takes a fifth of the start, and later stops
every answer for a tenth of a second, so it is not looked through.
"""

import gc
import os

gc.disable()

from idp.app import create_app  # noqa: E402
from idp.errors import IdpError  # noqa: E402

serve = not os.environ.get("FLASK_RUN_FROM_CLI")  # noqa: TID251 - Flask's own word, no setting of ours
try:
    app = create_app(serve=serve)
except IdpError as err:
    raise SystemExit(f"Not started. {err}") from None
if serve:
    gc.collect()
gc.freeze()
gc.enable()

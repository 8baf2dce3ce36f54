"""Officers in the console: looked for and listed, one whole with the timeline, and the acts upon them.

Source: security checklist 34, 38: the rooms decide; pages offer what the role has. Telephone numbers are hidden; one is
read whole for a typed purpose.
Acts that touch how an officer signs in ask for a sign-in of a few minutes ago; ending sessions must not wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, request, stream_with_context
from flask_babel import gettext, ngettext

from ....administration.pages import USUAL
from ....administration.people.many import ACTS, MOST_AT_ONCE
from ....administration.people.ports import FACTORS, ORDERS, STATES
from ....directory.officer import phone_text

"""What tests tell pairwise subjects by."""

from __future__ import annotations

from idp.oidc.subject import Subjects

SUBJECTS = Subjects(b"the same in every test" + bytes(10))

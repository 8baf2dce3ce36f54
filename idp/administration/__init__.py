"""The room behind the administration API: who may administer what, and what an administrator can do."""

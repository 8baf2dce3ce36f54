"""Applications: how they are entered, what keys they have, and how they prove who they are."""

"""Rollout: campaigns with a goal, a population and a deadline, and how far they have come, agency by agency and day by day."""

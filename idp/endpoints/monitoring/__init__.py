"""What operators' programs ask: whether the provider lives, and what it has done."""

"""What is offered to programs about people: officers, who may administer, what waits for a second person, broken glass."""

"""What is offered to programs about relying applications: their registrations, who may register, the keys they check with."""

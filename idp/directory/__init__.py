"""People and agencies, whatever server holds them."""

"""Setting up, running and showing the product: for developers, demonstrations and operators."""

"""One named SQL file a question, and the Python face that runs them."""

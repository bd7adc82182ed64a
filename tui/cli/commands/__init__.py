"""One file for each subcommand, named `command`; it imports only click until it is called."""

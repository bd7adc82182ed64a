"""One subcommand a file, called `command`; each imports only click until it is called."""

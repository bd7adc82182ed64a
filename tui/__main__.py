"""`python -m neurontui.tui` is the command `neurontui`."""

from neurontui.tui.cli.main import main

if __name__ == "__main__":
    main()

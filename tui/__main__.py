"""`python -m neurontui.tui` is the command `neurontui`."""

from neurontui.tui.main import main

if __name__ == "__main__":
    main()

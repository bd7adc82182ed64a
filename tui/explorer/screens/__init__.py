"""The nine screens, and the dialogs above them. A screen says what it wants to know and draws the answers."""

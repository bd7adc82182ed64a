"""Forward passes: what is run together, recorded and switched off."""

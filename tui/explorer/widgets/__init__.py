"""Widgets. Each receives plain data and posts messages; none of them reads a store."""

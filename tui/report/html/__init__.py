"""A report as one HTML page, from the templates beside this file."""

from neurontui.tui.report.html.render import render

__all__ = ["render"]

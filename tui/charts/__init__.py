"""Charts as plain data, drawn into cells of text, into SVG, or into a widget. Nothing here knows a database."""

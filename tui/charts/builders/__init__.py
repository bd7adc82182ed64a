"""From the columns a query returns to what a chart or table shows. Pure functions on Arrow tables."""

-- name: schema
-- title: Tables and columns of the file
-- figure:
-- description: Every table and view, with the type and description of each column.
-- columns:
--   table_name   -     Table or view.
--   kind         -     table or view.
--   column_name  -     Column; NULL for the table itself.
--   type         -     SQL type of the column.
--   comment      -     Description.
--   n_rows       rows  Estimated number of rows of the table; NULL for a view or column.
WITH relations AS (
    SELECT table_name, 'table' AS kind, comment, estimated_size AS n_rows
    FROM duckdb_tables()
    WHERE database_name = current_database() AND NOT internal
    UNION ALL
    SELECT view_name, 'view', comment, NULL
    FROM duckdb_views()
    WHERE database_name = current_database() AND NOT internal
), described AS (
    SELECT table_name, kind, -1 AS place, NULL AS column_name, NULL AS type, comment, n_rows
    FROM relations
    UNION ALL
    SELECT c.table_name, r.kind, c.column_index, c.column_name, c.data_type, c.comment, NULL
    FROM duckdb_columns() c JOIN relations r USING (table_name)
    WHERE c.database_name = current_database()
)
SELECT table_name, kind, column_name, type, comment, n_rows
FROM described
ORDER BY table_name, place

-- name: run-settings
-- title: Settings of a run, and versions of what made it
-- figure:
-- description: Every choice of the run and the version of every library, one a row: what to repeat it with.
-- parameters:
--   $run    run  The run: number, name or key; the last one where it is left out.
-- columns:
--   part   -  setting or version.
--   name   -  Setting, or library.
--   value  -  Its value as text; JSON where it is more than one word.
WITH parts AS (
    SELECT 'setting' AS part, settings AS told FROM runs WHERE run = $run
    UNION ALL
    SELECT 'version', versions FROM runs WHERE run = $run
)
SELECT part, key AS name, value->>'$' AS value
FROM parts, json_each(told)
ORDER BY part, name

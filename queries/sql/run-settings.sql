-- name: run-settings
-- title: Settings and library versions of a run
-- figure:
-- description: All settings of the run and the versions of all libraries, as needed to repeat the run.
-- parameters:
--   $run    run  The run: number, name or key. Default: the last run.
-- columns:
--   part   -  setting or version.
--   name   -  Name of the setting or library.
--   value  -  Value as text; JSON for lists and objects.
WITH parts AS (
    SELECT 'setting' AS part, settings AS entries FROM runs WHERE run = $run
    UNION ALL
    SELECT 'version', versions FROM runs WHERE run = $run
)
SELECT part, key AS name, if(key = 'ablation_value' AND value->>'$' = 'mean',
    'mean of all languages (earlier version)', value->>'$') AS value
FROM parts, json_each(entries)
ORDER BY part, name

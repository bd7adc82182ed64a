-- name: warnings
-- title: Warnings about a run's model and prompts
-- figure:
-- description: One row per warning of all runs: prompts that the model may not have read as intended, and models
--   whose measured revision is unknown. The sentence includes counts.
-- shared: identified
-- columns:
--   run   index  Number of the run in this file, from 1.
--   name  -      Display name of the run: model · task.
--   text  -      One sentence.
WITH warned AS (
    SELECT run, text
    FROM notes
    WHERE topic = 'prompts'
    UNION ALL
    SELECT run, format('The measured revision of {} is unknown; if the model came from the hub, other models or '
        || 'revisions may have been skipped or mixed with it. Measure it again.', model)
    FROM runs JOIN identified USING (run)
    WHERE NOT identified
)
SELECT w.run, r.name, w.text
FROM warned w
JOIN runs r USING (run)
ORDER BY w.run, w.text

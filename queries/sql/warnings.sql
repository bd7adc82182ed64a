-- name: warnings
-- title: Warnings about a run's model and prompts
-- figure:
-- description: One row a warning, of all runs: prompts that the model may not have read as they were meant, and
--   models of which it is not known which revision was measured. Counts are in the sentence.
-- columns:
--   run   index  Number of the run in this file, from 1.
--   name  -      Name of the run, as model · task.
--   text  -      One plain sentence.
WITH warned AS (
    SELECT run, text
    FROM notes
    WHERE topic = 'prompts'
    UNION ALL
    SELECT run, format('It is not known which revision of {} was measured; if the model came from the hub, other '
        || 'models or revisions may have been skipped or mixed with it. Measure it again.', model)
    FROM runs
    WHERE revision IS NULL AND settings->>'model_digest' IS NULL
)
SELECT w.run, r.name, w.text
FROM warned w
JOIN runs r USING (run)
ORDER BY w.run, w.text

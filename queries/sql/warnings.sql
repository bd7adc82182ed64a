-- name: warnings
-- title: Warnings about what the model read
-- figure:
-- description: One row a warning, of all runs: prompts that the model may not have read as they were meant. Counts are in the sentence.
-- columns:
--   run   index  Number of the run in this file, from 1.
--   name  -      Name of the run, as model · task.
--   text  -      One plain sentence.
SELECT n.run, r.name, n.text
FROM notes n
JOIN runs r USING (run)
WHERE n.topic = 'prompts'
ORDER BY n.run, n.text

-- name: notes
-- title: Notes on a run
-- figure:
-- description: Warnings about prompts, examples that were left out and the reason, measures that do not apply,
--   and remarks on precision. Warnings come first.
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
-- columns:
--   topic  -  prompts (a warning), data, model, answers, attribution, ablation or precision.
--   text   -  One sentence.
SELECT topic, text
FROM notes
WHERE run = $run
ORDER BY topic <> 'prompts', topic, text

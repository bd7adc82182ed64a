-- name: notes
-- title: What to know about a run
-- figure:
-- description: Warnings about what the model read, examples left out and why, measures that do not apply,
--   doubts about precision. Warnings come first.
-- parameters:
--   $run        run               The run: number, name or key; the last one where it is left out.
-- columns:
--   topic  -  prompts (a warning), data, model, answers, attribution, ablation or precision.
--   text   -  One plain sentence.
SELECT topic, text
FROM notes
WHERE run = $run
ORDER BY topic <> 'prompts', topic, text

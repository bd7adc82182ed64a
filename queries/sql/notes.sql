-- name: notes
-- title: What to know about a run
-- figure:
-- description: Examples left out and why, measures that do not apply, doubts about precision.
-- parameters:
--   $run        run               The run: number, name or key; the last one where it is left out.
-- columns:
--   topic  -  data, prompts, answers, attribution, ablation or precision.
--   text   -  One plain sentence.
SELECT topic, text
FROM notes
WHERE run = $run
ORDER BY topic, text

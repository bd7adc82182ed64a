-- name: published-ablation
-- title: The paper's accuracies when neurons are switched off
-- figure: Tables 2 and 4
-- description: Published numbers (Wang et al., Sharing Matters, Tables 2 and 4) for the run's task and setting.
--   `same_model` says whether the run is of the very model they are for.
-- parameters:
--   $run        run               The run: number, name or key; the last one where it is left out.
-- columns:
--   source      -  Table of the paper.
--   model       -  Model it is for.
--   same_model  -  Whether the run is of that model.
--   kind        -  baseline, type or random.
--   type        -  Type of the neurons switched off, or NULL.
--   percent     %  Neurons switched off, of all.
--   language    -  Language.
--   accuracy    %  Published accuracy.
SELECT p.source, p.model,
    lower(split_part(r.model, '/', -1)) = lower(split_part(p.model, '/', -1)) AS same_model,
    p.kind, p.type, p.percent, p.language, p.accuracy
FROM published_ablation p JOIN runs r ON concat_ws('-', r.task, r.setting) = concat_ws('-', p.task, p.setting)
WHERE r.run = $run
ORDER BY p.source, list_position(['baseline', 'type', 'random'], p.kind), p.type, p.percent, p.language

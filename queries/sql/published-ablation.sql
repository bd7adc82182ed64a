-- name: published-ablation
-- title: Published accuracies after ablation
-- figure: Tables 2 and 4
-- description: Published numbers (Wang et al., Sharing Matters, Tables 2 and 4) for the run's task and setting.
--   `same_model` is true if the run used the same model.
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
-- columns:
--   source      -  Table of the paper.
--   model       -  Model of the numbers.
--   same_model  -  Whether the run used this model.
--   kind        -  baseline, type or random.
--   type        -  Type of the ablated neurons, or NULL.
--   percent     %  Ablated neurons, share of all neurons.
--   language    -  Language.
--   accuracy    %  Published accuracy.
SELECT p.source, p.model,
    lower(split_part(r.model, '/', -1)) = lower(split_part(p.model, '/', -1)) AS same_model,
    p.kind, p.type, p.percent, p.language, p.accuracy
FROM published_ablation p JOIN runs r ON concat_ws('-', r.task, r.setting) = concat_ws('-', p.task, p.setting)
WHERE r.run = $run
ORDER BY p.source, list_position(['baseline', 'type', 'random'], p.kind), p.type, p.percent, p.language

-- name: published-effective-scores
-- title: Published effective scores
-- figure: Tables 1 and 3
-- description: Published numbers (Wang et al., Sharing Matters, Tables 1 and 3) for the run's task and setting.
--   `same_model` is true if the run used the same model.
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
-- columns:
--   source      -       Table of the paper.
--   model       -       Model of the numbers.
--   same_model  -       Whether the run used this model.
--   language    -       Language of the input.
--   type        -       Neuron type.
--   largest     logits  Largest score.
--   smallest    logits  Smallest score.
--   mean        logits  Mean score; Table 3 gives two digits.
--   variance    -       Variance, logits squared; NULL in Table 3.
SELECT p.source, p.model,
    lower(split_part(r.model, '/', -1)) = lower(split_part(p.model, '/', -1)) AS same_model,
    p.language, p.type, p.largest, p.smallest, p.mean, p.variance
FROM published_effective_scores p JOIN runs r ON concat_ws('-', r.task, r.setting) = concat_ws('-', p.task, p.setting)
WHERE r.run = $run
ORDER BY p.source, p.language, p.type

-- name: ablation-controls
-- title: Ablation of a type compared with its matched control
-- figure: beyond Tables 2 and 4
-- description: Each condition and its matched control: active neurons of the same language but of other types, with
--   similar number and contribution in each layer. Unlike these, random neurons are mostly inactive and make any
--   type look important. Positive differences: ablating the type does more harm than ablating its control.
--   95 % intervals: paired by input, jackknife over 20 blocks of the ablated sources, Student's t.
-- shared: student, blocks, outcomes
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages of the inputs.
--   $measure    generation|rank|first|invalid = generation  Right; ranked first; 1 / rank of first token; no choice.
-- columns:
--   condition     -       Number of the condition.
--   label         -       Label for tables.
--   type          -       Type of the ablated neurons.
--   fraction      -       Requested share of neurons, 0 to 1, or NULL.
--   language      -       Language of the inputs; NULL: all inputs.
--   percent       %       Ablated neurons for these inputs, share of all neurons.
--   control_percent  %    Ablated neurons of the control for these inputs, share of all neurons.
--   accuracy      %       Accuracy with the type ablated.
--   control       %       Accuracy with the control ablated, mean over its seeds.
--   difference    points  Control minus type; positive if ablating the type does more harm.
--   low           points  Lower end of its 95 % interval; NULL with fewer than two folds.
--   high          points  Upper end.
--   logprob       nats    The same difference in the answer's log-probability.
--   logprob_low   nats    Lower end of its 95 % interval.
--   logprob_high  nats    Upper end.
--   n_seeds       seeds   Number of seeds of the control.
--   n             inputs  Compared inputs, over all seeds.
--   value         -       What the weights of the neurons are replaced by: 0, mean, resample, ….
WITH compared AS (
    SELECT k.matched_to AS condition, c.example, c.language, c.fold, o.hit, c.hit AS control,
        c.hit - o.hit AS difference, c.logprob - o.logprob AS logprob,
        c.condition AS control_condition, o.n_ablated, c.n_ablated AS control_ablated
    FROM outcomes c
    JOIN conditions k ON k.run = $run AND k.condition = c.condition
    JOIN outcomes o ON o.condition = k.matched_to AND o.example = c.example AND o.language = c.language
    WHERE k.matched_to IS NOT NULL
), sums AS (
    SELECT condition, language, fold, coalesce(sum(hit) FILTER (difference IS NOT NULL), 0) AS hits,
        coalesce(sum(control) FILTER (difference IS NOT NULL), 0) AS controls,
        coalesce(sum(difference), 0) AS difference, count(difference) AS n,
        coalesce(sum(logprob), 0) AS logprob, count(logprob) AS n_logprob
    FROM compared
    GROUP BY GROUPING SETS ((condition, language, fold), (condition, fold))
), left_out AS (
    SELECT condition, language, sum(n) OVER whole AS n,
        100 * sum(hits) OVER whole / nullif(sum(n) OVER whole, 0) AS accuracy,
        100 * sum(controls) OVER whole / nullif(sum(n) OVER whole, 0) AS control,
        100 * sum(difference) OVER whole / nullif(sum(n) OVER whole, 0) AS difference,
        sum(logprob) OVER whole / nullif(sum(n_logprob) OVER whole, 0) AS logprob,
        100 * (sum(difference) OVER whole - difference)
            / nullif(sum(n) OVER whole - n, 0) AS difference_without,
        (sum(logprob) OVER whole - logprob)
            / nullif(sum(n_logprob) OVER whole - n_logprob, 0) AS logprob_without
    FROM sums
    WINDOW whole AS (PARTITION BY condition, language)
), intervals AS (
    SELECT condition, language, any_value(n)::BIGINT AS n, any_value(accuracy) AS accuracy,
        any_value(control) AS control,
        any_value(difference) AS difference, any_value(logprob) AS logprob,
        t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(difference_without)) AS half,
        t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(logprob_without)) AS logprob_half
    FROM left_out, student
    GROUP BY condition, language, t
), controls AS (
    SELECT condition, language, 100 * avg(n_ablated) / any_value(n_neurons) AS percent,
        100 * avg(control_ablated) / any_value(n_neurons) AS control_percent,
        count(DISTINCT control_condition) AS n_seeds
    FROM compared, (SELECT sum(n_neurons) AS n_neurons FROM layers WHERE run = $run)
    GROUP BY GROUPING SETS ((condition, language), (condition))
)
SELECT i.condition, a.label, a.type, a.fraction, i.language, k.percent, k.control_percent, accuracy, control,
    difference, difference - half AS low, difference + half AS high,
    logprob, logprob - logprob_half AS logprob_low, logprob + logprob_half AS logprob_high, k.n_seeds, n, a.value
FROM intervals i
JOIN arms a ON a.condition = i.condition
JOIN controls k ON k.condition = i.condition AND k.language IS NOT DISTINCT FROM i.language
LEFT JOIN run_languages l ON l.run = $run AND l.language = i.language
ORDER BY i.condition, l.bit NULLS LAST

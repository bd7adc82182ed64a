-- name: ablation-dose
-- title: Accuracy by ablation dose
-- figure: beyond Tables 2 and 4
-- description: Accuracy and the answer's log-probability for increasing shares of ablated neurons: of a type, of its
--   control, and random ones. 95 % intervals of changes from the baseline: paired by input,
--   jackknife over 20 blocks of the ablated sources, Student's t.
-- shared: student, blocks, outcomes
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages of the inputs.
--   $measure    generation|rank|first|invalid = generation  Right; ranked first; 1 / rank of first token; no choice.
-- columns:
--   type          -       Type of the ablated neurons or, for a control, of the compared ones; NULL for random.
--   arm           -       type, control or random.
--   fraction      -       Dose: requested share of all neurons, 0 to 1; NULL: all neurons of the type.
--   percent       %       Ablated neurons for these inputs, share of all neurons.
--   accuracy      %       Accuracy.
--   change        points  Accuracy minus baseline accuracy.
--   low           points  Lower end of its 95 % interval; NULL with fewer than two folds.
--   high          points  Upper end.
--   logprob       nats    Change of the answer's log-probability.
--   logprob_low   nats    Lower end of its 95 % interval.
--   logprob_high  nats    Upper end.
--   n_seeds       seeds   Number of conditions that differ only in their seed.
--   n             inputs  Inputs, over all seeds.
--   value         -       What the weights of the neurons are replaced by: 0, mean, resample, ….
WITH sums AS (
    SELECT first, fold, coalesce(sum(hit), 0) AS hits, count(hit) AS n,
        coalesce(sum(hit - base), 0) AS change, count(hit - base) AS n_paired,
        coalesce(sum(logprob - base_logprob), 0) AS logprob, count(logprob - base_logprob) AS n_logprob
    FROM outcomes
    GROUP BY first, fold
), left_out AS (
    SELECT first, sum(n) OVER whole AS n, 100 * sum(hits) OVER whole / nullif(sum(n) OVER whole, 0) AS accuracy,
        100 * sum(change) OVER whole / nullif(sum(n_paired) OVER whole, 0) AS change,
        sum(logprob) OVER whole / nullif(sum(n_logprob) OVER whole, 0) AS logprob,
        100 * (sum(change) OVER whole - change)
            / nullif(sum(n_paired) OVER whole - n_paired, 0) AS change_without,
        (sum(logprob) OVER whole - logprob)
            / nullif(sum(n_logprob) OVER whole - n_logprob, 0) AS logprob_without
    FROM sums
    WINDOW whole AS (PARTITION BY first)
), intervals AS (
    SELECT first, any_value(n)::BIGINT AS n, any_value(accuracy) AS accuracy, any_value(change) AS change,
        any_value(logprob) AS logprob,
        t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(change_without)) AS half,
        t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(logprob_without)) AS logprob_half
    FROM left_out, student
    GROUP BY first, t
), percents AS (
    SELECT first, 100 * avg(n_ablated) / (SELECT sum(n_neurons) FROM layers WHERE run = $run) AS percent
    FROM outcomes
    GROUP BY first
)
SELECT a.type, CASE WHEN a.matched_to IS NOT NULL THEN 'control' WHEN a.kind = 'random' THEN 'random'
    ELSE 'type' END AS arm,
    a.fraction, p.percent, accuracy, change, change - half AS low, change + half AS high,
    logprob, logprob - logprob_half AS logprob_low, logprob + logprob_half AS logprob_high, a.n_seeds, n, a.value
FROM intervals i JOIN arms a ON a.condition = i.first JOIN percents p ON p.first = i.first
WHERE a.kind IN ('type', 'random', 'matched', 'dose') AND a.rule IS NULL
ORDER BY min(a.first) OVER (PARTITION BY a.value), a.type NULLS LAST, arm DESC, p.percent

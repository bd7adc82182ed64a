-- name: ablation-accuracy
-- title: Accuracy after ablation
-- figure: Tables 2 and 4
-- description: Accuracy under every condition, in each language and over all inputs, and its change from the
--   baseline on the same inputs. Conditions that differ only in their seed are combined in one row.
--   95 % intervals: jackknife over 20 blocks of the ablated sources, Student's t; that of the change is
--   paired, as in McNemar's test; inputs lost and gained are counted.
-- shared: student, blocks, outcomes
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages of the inputs.
--   $measure    generation|rank|first|invalid = generation  Right; ranked first; 1 / rank of first token; no choice.
-- columns:
--   condition      -       Number of the condition; for several seeds, the first one.
--   label          -       Label for tables.
--   kind           -       baseline, type, random, matched, dose, selected, layer, user or prompt.
--   type           -       Type of the ablated neurons; for a control, the type that it is compared with.
--   fraction       -       Requested share of neurons, 0 to 1, or NULL.
--   matched_to     -       Condition to which a control is matched, or NULL.
--   n_seeds        seeds   Number of conditions that differ only in their seed.
--   percent        %       Ablated neurons for these inputs, share of all neurons (the paper's pct.).
--   language       -       Language of the inputs; NULL: all inputs.
--   accuracy       %       Share of inputs that satisfy the measure.
--   low            %       Lower end of its 95 % interval; NULL with fewer than two folds.
--   high           %       Upper end.
--   change         points  Accuracy minus baseline accuracy, on inputs that have both.
--   change_low     points  Lower end of its 95 % interval.
--   change_high    points  Upper end.
--   n_lost         inputs  Inputs that satisfy the measure at the baseline but not here.
--   n_gained       inputs  Inputs that satisfy the measure here but not at the baseline.
--   n              inputs  Inputs for which the measure is defined, over all seeds.
--   logprob        nats    Change of the answer's log-probability from the baseline, mean.
--   logprob_low    nats    Lower end of its 95 % interval.
--   logprob_high   nats    Upper end.
--   value          -       What the weights of the neurons are replaced by: 0, mean, resample, ….
WITH sums AS (
    SELECT first, language, fold, sum(hit) AS hits, count(hit) AS n,
        sum(hit - base) AS change, count(hit - base) AS n_paired,
        count_if(base > hit) AS n_lost, count_if(hit > base) AS n_gained,
        coalesce(sum(logprob - base_logprob), 0) AS logprob, count(logprob - base_logprob) AS n_logprob
    FROM outcomes
    GROUP BY GROUPING SETS ((first, language, fold), (first, fold))
), left_out AS (
    SELECT first, language, sum(n) OVER whole AS n, sum(n_lost) OVER whole AS n_lost,
        sum(n_gained) OVER whole AS n_gained,
        100 * sum(hits) OVER whole / nullif(sum(n) OVER whole, 0) AS accuracy,
        100 * sum(change) OVER whole / nullif(sum(n_paired) OVER whole, 0) AS change,
        sum(logprob) OVER whole / nullif(sum(n_logprob) OVER whole, 0) AS logprob,
        100 * (sum(hits) OVER whole - coalesce(hits, 0)) / nullif(sum(n) OVER whole - n, 0) AS accuracy_without,
        100 * (sum(change) OVER whole - coalesce(change, 0))
            / nullif(sum(n_paired) OVER whole - n_paired, 0) AS change_without,
        (sum(logprob) OVER whole - logprob)
            / nullif(sum(n_logprob) OVER whole - n_logprob, 0) AS logprob_without
    FROM sums
    WINDOW whole AS (PARTITION BY first, language)
), intervals AS (
    SELECT first, language, any_value(n)::BIGINT AS n, any_value(n_lost)::BIGINT AS n_lost,
        any_value(n_gained)::BIGINT AS n_gained,
        any_value(accuracy) AS accuracy, any_value(change) AS change, any_value(logprob) AS logprob,
        t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(accuracy_without)) AS half,
        t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(change_without)) AS change_half,
        t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(logprob_without)) AS logprob_half
    FROM left_out, student
    GROUP BY first, language, t
), percents AS (
    SELECT first, language, 100 * avg(n_ablated) / (SELECT sum(n_neurons) FROM layers WHERE run = $run) AS percent
    FROM outcomes
    GROUP BY GROUPING SETS ((first, language), (first))
)
SELECT a.condition, a.label, a.kind, a.type, a.fraction, a.matched_to, a.n_seeds, p.percent, i.language,
    accuracy, accuracy - half AS low, accuracy + half AS high,
    change, change - change_half AS change_low, change + change_half AS change_high, n_lost, n_gained, n,
    logprob, logprob - logprob_half AS logprob_low, logprob + logprob_half AS logprob_high,
    a.value
FROM intervals i
JOIN arms a ON a.condition = i.first
JOIN percents p ON p.first = i.first AND p.language IS NOT DISTINCT FROM i.language
LEFT JOIN run_languages l ON l.run = $run AND l.language = i.language
ORDER BY a.condition, l.bit NULLS LAST

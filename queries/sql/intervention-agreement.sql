-- name: intervention-agreement
-- title: Agreement of intervention values
-- figure: beyond Tables 2 and 4
-- description: Whether the values of an intervention (zero, mean, resample, …) agree on the same sets of neurons: the
--   change of the answer's log-probability from the baseline under each of two values, and over all sets the share with
--   equal signs and Spearman's correlation of the changes. Sets that differ only in their seed are combined. Runs with
--   one value have no row. 95 % intervals of changes and correlations: jackknife over 20 blocks of the ablated
--   sources, Student's t.
-- shared: student, blocks, logprob_changes
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages of the inputs.
-- columns:
--   label             -     The set, by its label under the first value; NULL: all sets.
--   kind              -     Kind of the set: type, random, matched, dose or user.
--   type              -     Type of the neurons; for a control, the type that it is compared with.
--   fraction          -     Requested share of neurons, 0 to 1, or NULL.
--   value             -     One value.
--   other             -     The value that it is compared with.
--   change            nats  Change under the first value, mean over inputs; NULL for all sets.
--   low               nats  Lower end of its 95 % interval; NULL with fewer than two folds.
--   high              nats  Upper end.
--   other_change      nats  Change under the other value.
--   other_low         nats  Lower end of its 95 % interval.
--   other_high        nats  Upper end.
--   same_sign         %     100 if both changes have the same sign, else 0; over all sets, the share of such sets.
--   same_low          %     Share of sets with equal signs whose two intervals exclude zero.
--   same_high         %     100 minus the share of sets with opposite signs whose two intervals exclude zero.
--   correlation       -     Spearman's correlation of the changes over all sets; NULL with fewer than three sets.
--   correlation_low   -     Lower end of its 95 % interval.
--   correlation_high  -     Upper end.
--   n_sets            sets  Number of sets.
--   n                 inputs  Inputs, over all seeds; for all sets, those of one set.
WITH named AS (
    SELECT condition, kind, type, fraction, regexp_replace(label, ', seed \d+$', '') AS label,
        if(target IS NULL AND value = 'mean', 'mean of all languages (earlier version)', value) AS value,
        min(condition) OVER (
            PARTITION BY kind, type, fraction, scope, layers, conditions.value, matched_to, rule, set_language,
                if(kind = 'user', condition, NULL)
        ) AS first
    FROM conditions
    WHERE run = $run AND kind NOT IN ('baseline', 'layer', 'prompt')
), sets AS (
    -- Every value has the same sets in the same order.
    SELECT *, dense_rank() OVER (PARTITION BY kind, value ORDER BY first) AS number
    FROM named
), places AS (
    SELECT value, min(condition) AS place FROM sets GROUP BY value
), set_names AS (
    SELECT kind, number, min(condition) AS place, min_by(label, condition) AS label, any_value(type) AS type,
        any_value(fraction) AS fraction
    FROM sets
    GROUP BY kind, number
), fold_sums AS (
    SELECT s.kind, s.number, s.value, c.fold, sum(c.change) AS total, count(*) AS n
    FROM logprob_changes c
    JOIN sets s USING (condition)
    GROUP BY ALL
), drops AS (
    SELECT NULL::INTEGER AS dropped
    UNION ALL
    SELECT DISTINCT fold
    FROM fold_sums
), means AS (
    SELECT kind, number, value, dropped, sum(total) / sum(n) AS change, sum(n)::BIGINT AS n
    FROM fold_sums JOIN drops ON fold IS DISTINCT FROM dropped
    GROUP BY ALL
), changes AS (
    SELECT kind, number, value, any_value(change) FILTER (dropped IS NULL) AS change,
        any_value(n) FILTER (dropped IS NULL) AS n,
        t[count(dropped) - 1]
            * sqrt((count(dropped) - 1) * var_pop(change) FILTER (dropped IS NOT NULL)) AS half
    FROM means, student
    GROUP BY kind, number, value, t
), compared AS (
    SELECT a.kind, a.number, a.value, b.value AS other, p.place, o.place AS other_place, least(a.n, b.n) AS n,
        a.change, a.half, b.change AS other_change, b.half AS other_half,
        sign(a.change) = sign(b.change) AS same, abs(a.change) > a.half AND abs(b.change) > b.half AS certain
    FROM changes a
    JOIN changes b ON b.kind = a.kind AND b.number = a.number
    JOIN places p ON p.value = a.value
    JOIN places o ON o.value = b.value AND o.place > p.place
), ranks AS (
    -- Ranks with ties at their mean.
    SELECT a.value, b.value AS other, a.dropped,
        rank() OVER (pair ORDER BY a.change)
            + (count(*) OVER (PARTITION BY a.value, b.value, a.dropped, a.change) - 1) / 2 AS rank,
        rank() OVER (pair ORDER BY b.change)
            + (count(*) OVER (PARTITION BY a.value, b.value, a.dropped, b.change) - 1) / 2 AS other_rank
    FROM means a
    JOIN means b ON b.kind = a.kind AND b.number = a.number AND b.dropped IS NOT DISTINCT FROM a.dropped
    WINDOW pair AS (PARTITION BY a.value, b.value, a.dropped)
), correlations AS (
    SELECT value, other, dropped, if(count(*) > 2 AND min(rank) < max(rank) AND min(other_rank) < max(other_rank),
        corr(rank, other_rank), NULL) AS correlation
    FROM ranks
    GROUP BY ALL
), correlation_intervals AS (
    SELECT value, other, any_value(correlation) FILTER (dropped IS NULL) AS correlation,
        t[count(dropped) - 1]
            * sqrt((count(dropped) - 1) * var_pop(correlation) FILTER (dropped IS NOT NULL)) AS half
    FROM correlations, student
    GROUP BY value, other, t
), summaries AS (
    SELECT value, other, place, other_place, 100 * avg(same::INTEGER) AS same_sign,
        100 * avg((same AND certain)::INTEGER) AS same_low,
        100 - 100 * avg((NOT same AND certain)::INTEGER) AS same_high,
        count(*) AS n_sets, max(n) AS n
    FROM compared
    GROUP BY value, other, place, other_place
), all_rows AS (
    SELECT NULL AS label, NULL AS kind, NULL AS type, NULL::DOUBLE AS fraction, value, other,
        NULL::DOUBLE AS change, NULL::DOUBLE AS half, NULL::DOUBLE AS other_change, NULL::DOUBLE AS other_half,
        same_sign, same_low, same_high, i.correlation, i.half AS correlation_half, n_sets, n,
        place, other_place, -1 AS set_place
    FROM summaries
    LEFT JOIN correlation_intervals i USING (value, other)
    UNION ALL
    SELECT s.label, kind, s.type::VARCHAR, s.fraction, value, other, change, half, other_change, other_half,
        if(same, 100, 0), NULL, NULL, NULL, NULL, 1, n, c.place, other_place, s.place
    FROM compared c
    JOIN set_names s USING (kind, number)
)
SELECT label, kind, type, fraction, value, other, change, change - half AS low, change + half AS high,
    other_change, other_change - other_half AS other_low, other_change + other_half AS other_high,
    same_sign::DOUBLE AS same_sign, same_low, same_high, correlation,
    if(correlation - correlation_half < -1, -1, correlation - correlation_half) AS correlation_low,
    if(correlation + correlation_half > 1, 1, correlation + correlation_half) AS correlation_high,
    n_sets::BIGINT AS n_sets, n
FROM all_rows
ORDER BY place, other_place, set_place

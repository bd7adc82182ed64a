-- Claims about types: claim, comparison, and the estimate from all examples (dropped is NULL) and without each fold.
type_folds AS (
    SELECT l.stack, h.fold, sum(h.n) AS n, coalesce(sum(h.n) FILTER (c = 0), 0) AS n_non,
        coalesce(sum(h.n) FILTER (c = 1), 0) AS n_one, coalesce(sum(h.n) FILTER (c = p), 0) AS n_every,
        -- Probability that a neuron active in c of p languages is partial-shared over three of them.
        sum(h.n * 3 * c * (p - c) * (c - 1) / nullif(p * (p - 1) * (p - 2), 0)) AS partial_of_three
    FROM (SELECT layer, fold, active AS c, n FROM active_counts) h
    JOIN layers l ON l.run = $run AND l.layer = h.layer, subset
    WHERE p > 2
    GROUP BY ALL
),
drops AS (
    SELECT NULL::INTEGER AS dropped
    UNION ALL
    SELECT DISTINCT fold
    FROM type_folds
),
stack_ratios AS (
    SELECT stack, dropped, 100 * sum(n_every) / sum(n) AS every
    FROM type_folds JOIN drops ON fold IS DISTINCT FROM dropped
    GROUP BY stack, dropped
),
ratios AS (
    SELECT dropped, 100 * sum(n_non) / sum(n) AS non, 100 * sum(n_one) / sum(n) AS one,
        100 * sum(n_every) / sum(n) AS every,
        100 - non - one - every AS several, 100 * sum(partial_of_three) / sum(n) AS several_of_three
    FROM type_folds JOIN drops ON fold IS DISTINCT FROM dropped
    GROUP BY dropped
),
readings AS (
    -- Which weights read activity, and how.
    SELECT run, {model: model, revision: revision, threshold: threshold, dtype: dtype, shots: n_shots,
        token: coalesce(settings->>'token', 'last'), chat: coalesce(settings->>'chat', 'false'),
        rest: list_transform(['model_digest', 'activation', 'encoder_token', 'bos', 'system'],
            lambda name: json_extract_string(settings, name))} AS how
    FROM runs
    WHERE task != 'corpus'
),
measured_alike AS (
    -- Between other runs, a difference need not be one of tasks.
    SELECT run
    FROM readings
    WHERE run != $run AND how IS NOT DISTINCT FROM (SELECT how FROM readings WHERE run = $run)
),
partner AS (
    -- The run with the most examples, so the order of the runs in the file does not matter.
    SELECT o.run, o.name, o.threshold,
        list_filter($languages, lambda code: list_contains(o.languages, code)) AS languages
    FROM runs r JOIN runs o ON o.run = $other OR ($other IS NULL AND o.run IN (FROM measured_alike)
        AND (o.setting IS DISTINCT FROM r.setting OR NOT (starts_with(o.task, r.task) OR starts_with(r.task, o.task))))
    WHERE r.run = $run AND len(list_filter($languages, lambda code: list_contains(o.languages, code))) > 2
    ORDER BY o.n_examples DESC, o.key
    LIMIT 1
),
common_masks AS (
    SELECT l.run, bit_or(1::UBIGINT << l.bit) AS mask
    FROM run_languages l, partner k
    WHERE l.run IN ($run, k.run) AND list_contains(k.languages, l.language)
    GROUP BY l.run
),
common_folds AS (
    SELECT h.run, h.fold, sum(h.n) AS n, coalesce(sum(h.n) FILTER (h.mask & m.mask = m.mask), 0) AS every
    FROM mask_histogram h JOIN common_masks m ON m.run = h.run JOIN runs r ON r.run = h.run
    WHERE h.scope = 'last' AND h.threshold = r.threshold
    GROUP BY h.run, h.fold
    UNION ALL
    SELECT h.run, h.fold, sum(h.n), coalesce(sum(h.n) FILTER (h.n_active = len(r.languages)), 0)
    FROM active_histogram h JOIN common_masks m ON m.run = h.run JOIN runs r ON r.run = h.run AND r.all_mask = m.mask
    WHERE h.scope = 'last' AND h.threshold = r.threshold
    GROUP BY h.run, h.fold
),
-- Folds are dropped separately for each run: the runs are independent, so their squared errors are added.
common_ratios AS (
    SELECT run, fold, 100 * sum(every) OVER whole / sum(n) OVER whole AS ratio,
        100 * (sum(every) OVER whole - every) / nullif(sum(n) OVER whole - n, 0) AS without_fold
    FROM common_folds
    WINDOW whole AS (PARTITION BY run)
),
task_errors AS (
    SELECT run, any_value(ratio) AS ratio, (count(*) - 1) * var_pop(without_fold) AS squared, count(*) AS folds
    FROM common_ratios
    GROUP BY run
),
task_difference AS (
    SELECT k.name AS versus, a.ratio - b.ratio AS x, sqrt(a.squared + b.squared) AS error,
        least(a.folds, b.folds) AS folds
    FROM partner k JOIN task_errors a ON a.run = $run JOIN task_errors b ON b.run = k.run AND b.run != a.run
),
neuron_fates AS (
    -- Over all languages, the counts by type suffice; they are far fewer than the counts by mask.
    SELECT greatest(n_non, n_specific, n_partial, n_all) = n_non + n_specific + n_partial + n_all AS keeps,
        n_specific + n_partial + n_all = 0 AS inactive
    FROM neuron_types
    WHERE run IN (SELECT $run FROM subset WHERE p > 2 AND whole)
    UNION ALL
    SELECT most = 0 OR fewest = p OR (fewest = 1 AND most = 1) OR (fewest > 1 AND most < p), most = 0
    FROM (
        SELECT min(bit_count(m.mask & s.mask)) AS fewest, max(bit_count(m.mask & s.mask)) AS most, s.p
        FROM neuron_masks m, subset s
        WHERE m.run IN (SELECT $run FROM subset WHERE p > 2 AND NOT whole)
        GROUP BY m.layer, m.neuron, s.p
    )
),
census AS (
    SELECT 100 * count_if(keeps) / count(*) AS keeps, 100 * count_if(inactive) / count(*) AS stays_inactive
    FROM neuron_fates
    HAVING count(*) > 0
),
silences AS (
    SELECT j.fold, sum(j.n_silent)::DOUBLE AS silent, sum(j.n)::DOUBLE AS n
    FROM mask_joint j, subset s
    WHERE j.run = $run AND list_position($languages, j.language) > 0 AND j.last_mask & s.mask = 0
    GROUP BY j.fold
),
families AS (
    SELECT row_number() OVER (ORDER BY bit) AS place, bit, nullif(family, 'unknown') AS family
    FROM chosen LEFT JOIN languages ON code = language
),
relations AS (
    SELECT p.fold AS dropped, avg(phi) FILTER (a.family = b.family) - avg(phi) FILTER (a.family != b.family) AS x
    FROM pairs p JOIN families a ON a.bit = p.bit JOIN families b ON b.bit = p.other_bit
    GROUP BY p.fold
),
type_estimates AS (
    SELECT 'non-activated-prevail' AS claim, unnest(['specific', 'partial-shared', 'all-shared']) AS versus, dropped,
        unnest([non - one, non - several, non - every]) AS x
    FROM ratios
    UNION ALL
    SELECT 'more-languages-share', 'three languages', dropped, several - several_of_three
    FROM ratios, subset
    WHERE p > 3
    UNION ALL
    SELECT 'encoder-shares-more', 'decoder', e.dropped, e.every - d.every
    FROM stack_ratios e JOIN stack_ratios d ON d.dropped IS NOT DISTINCT FROM e.dropped
    WHERE e.stack = 'encoder' AND d.stack = 'decoder'
    UNION ALL
    SELECT 'few-silent', NULL, dropped, 100 * sum(silent) / nullif(sum(n), 0)
    FROM silences JOIN drops ON fold IS DISTINCT FROM dropped
    GROUP BY dropped
    UNION ALL
    SELECT 'relatives-share-no-more', 'unrelated pairs', dropped, x
    FROM relations
)

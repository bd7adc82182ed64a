-- name: effective-score-by-type
-- title: Effective scores of each type
-- figure: Tables 1 and 3
-- description: Largest, smallest, mean and variance of the effective scores (Eq. 10) of each type, for inputs in
--   each language, in three interpretations of the paper's tables: values, every neuron in every example;
--   neuron-means, each neuron's mean over examples, with its most frequent type; layer-maxima, the
--   largest score of each layer. There are no rows if effective scores are undefined.
--   The mean of values has a 95 % interval: jackknife over folds of examples, Student's t.
-- requires_all_languages: true
-- shared: subset, scored, student
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages that define the types; all four types need at least three.
--   $variant    values|neuron-means|layer-maxima = values  Values over which the four numbers are computed.
-- columns:
--   language  -       Language of the input.
--   type      -       Neuron type.
--   largest   logits  Largest score.
--   smallest  logits  Smallest score.
--   mean      logits  Mean score.
--   low       logits  Lower end of the 95 % interval of the mean; NULL for the other two variants.
--   high      logits  Upper end.
--   variance  -       Variance of the scores, logits squared.
--   n         -       Number of scores: neuron × example pairs, neurons, or layers.
--   note      -       Remark if some types are undefined or have no intervals, else NULL.
WITH scores AS (
    SELECT a.language, a.layer, a.fold, a.type, sum(a.n) AS n, sum(a.es_sum) AS total, sum(a.es_sumsq) AS squares,
        max(a.es_max) AS largest, min(a.es_min) AS smallest
    FROM scored a
    WHERE a.es_sum IS NOT NULL AND $variant != 'neuron-means'
    GROUP BY ALL
), folds AS (
    SELECT DISTINCT language, fold
    FROM scores
), by_fold AS (
    SELECT f.language, f.fold, k.type, coalesce(sum(n), 0) AS n, coalesce(sum(total), 0) AS total
    FROM folds f CROSS JOIN (SELECT DISTINCT type FROM scores) k
    LEFT JOIN scores s ON s.language = f.language AND s.fold = f.fold AND s.type = k.type
    GROUP BY ALL
), left_out AS (
    SELECT language, type, (sum(total) OVER whole - total) / nullif(sum(n) OVER whole - n, 0) AS without_fold
    FROM by_fold
    WINDOW whole AS (PARTITION BY language, type)
), halves AS (
    SELECT language, type, t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(without_fold)) AS half
    FROM left_out, student
    GROUP BY language, type, t
), every_value AS (
    SELECT language, type, max(largest) AS largest, min(smallest) AS smallest, sum(total) / sum(n) AS mean,
        sum(squares) / sum(n) - (sum(total) / sum(n)) ** 2 AS variance, sum(n)::BIGINT AS n
    FROM scores
    WHERE $variant = 'values'
    GROUP BY language, type
), layer_maxima AS (
    SELECT language, type, max(x) AS largest, min(x) AS smallest, avg(x) AS mean, var_pop(x) AS variance,
        count(*) AS n
    FROM (
        SELECT language, type, layer, max(largest) AS x
        FROM scores
        WHERE $variant = 'layer-maxima'
        GROUP BY ALL
    )
    GROUP BY language, type
), neuron_counts AS (
    SELECT m.layer, m.neuron, sum(m.n) AS n,
        coalesce(sum(m.n) FILTER (m.mask & s.mask = 0), 0) AS non,
        coalesce(sum(m.n) FILTER (bit_count(m.mask & s.mask) = 1 AND p > 1), 0) AS one,
        coalesce(sum(m.n) FILTER (m.mask & s.mask = s.mask), 0) AS every
    FROM neuron_masks m, subset s
    WHERE m.run = $run AND $variant = 'neuron-means'
    GROUP BY m.layer, m.neuron
), main_types AS (
    -- Of types that are equally frequent, the one that is active in fewer languages.
    -- One key instead of two columns: the join is three times as quick.
    SELECT layer::BIGINT << 32 | neuron AS key,
        CASE greatest(non, one, n - non - one - every, every) WHEN non THEN 'non-activated'
        WHEN one THEN 'specific' WHEN n - non - one - every THEN 'partial-shared'
        ELSE 'all-shared' END::neuron_type AS type
    FROM neuron_counts
), neuron_means AS (
    SELECT a.language, k.type, max(a.es_sum / a.n) AS largest, min(a.es_sum / a.n) AS smallest,
        avg(a.es_sum / a.n) AS mean, var_pop(a.es_sum / a.n) AS variance, count(*) AS n
    FROM neuron_attribution a JOIN main_types k ON k.key = a.layer::BIGINT << 32 | a.neuron
    WHERE a.run = $run AND list_contains($languages, a.language) AND a.es_sum IS NOT NULL
        AND $variant = 'neuron-means'
    GROUP BY a.language, k.type
), chosen AS (
    FROM every_value UNION ALL FROM layer_maxima UNION ALL FROM neuron_means
)
SELECT language, type, largest, smallest, mean, mean - half AS low, mean + half AS high, variance, n, note
FROM chosen
LEFT JOIN (FROM halves WHERE $variant = 'values') USING (language, type)
JOIN run_languages l USING (language), subset
WHERE l.run = $run
ORDER BY bit, type

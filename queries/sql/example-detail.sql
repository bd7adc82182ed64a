-- name: example-detail
-- title: Types of one example by layer, compared with the mean
-- figure: Eq. 7 against Eq. 8
-- description: Type ratios of one example in each layer, and the mean over all examples. For all languages of
--   the run they come from stored counts; for a subset from the masks, which a file of aggregates lacks.
-- shared: subset, type_counts
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $example    integer           The example.
--   $languages  languages = all   Languages that define the types; all four types need at least three.
-- columns:
--   layer       index   Layer, from 0.
--   type        -       Neuron type.
--   ratio       %       Type ratio of this example.
--   mean        %       Mean over all examples.
--   difference  points  Ratio minus mean.
--   n           neurons  Number of neurons of the type in this example.
--   note        -       Remark if some types are undefined or have no intervals, else NULL.
WITH whole AS (
    SELECT s.mask = r.all_mask AS every_language
    FROM subset s, runs r
    WHERE r.run = $run
), counts AS (
    SELECT layer, n_non + n_specific + n_partial + n_all AS n, n_non AS non, n_specific AS one, n_all AS every
    FROM example_types
    WHERE run = $run AND example = $example AND (SELECT every_language FROM whole)
    UNION ALL
    SELECT a.layer, count(*), count_if(a.mask & s.mask = 0), count_if(bit_count(a.mask & s.mask) = 1),
        count_if(a.mask & s.mask = s.mask)
    FROM activations a, subset s
    WHERE a.run = $run AND a.example = $example AND NOT (SELECT every_language FROM whole)
    GROUP BY a.layer
), typed AS (
    SELECT layer, n AS size, unnest(enum_range(NULL::neuron_type))::neuron_type AS type,
        unnest([non, if(p > 1, one, NULL), if(p > 2, n - non - one - every, NULL), every])::INTEGER AS n
    FROM counts, subset
), mean_counts AS (
    SELECT layer, sum(n) AS n, sum(non) AS non, sum(one) AS one, sum(every) AS every
    FROM type_counts
    WHERE threshold = (SELECT threshold FROM runs WHERE run = $run)
    GROUP BY layer
), means AS (
    SELECT layer, unnest(enum_range(NULL::neuron_type))::neuron_type AS type,
        unnest([100 * non / n, 100 * one / n, 100 * (n - non - one - every) / n, 100 * every / n]) AS mean
    FROM mean_counts
)
SELECT t.layer, t.type, 100 * t.n / t.size AS ratio, if(t.n IS NULL, NULL, m.mean) AS mean,
    ratio - m.mean AS difference, t.n, note
FROM typed t LEFT JOIN means m ON m.layer = t.layer AND m.type = t.type, subset
ORDER BY t.layer, t.type

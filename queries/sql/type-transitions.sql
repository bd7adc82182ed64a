-- name: type-transitions
-- title: Type changes between two runs
-- figure: beyond Figures 3, 4 and 19
-- description: For the neurons of both runs (same layer, same index): the probability of each type in a random
--   example of the first run and each type in a random example of the other run. Compare two tasks of one
--   model, or a model and its fine-tuned version. Expected: if the types of the two runs were unrelated.
-- parameters:
--   $run        run                The first run. Default: the last run of the file.
--   $other      run                The other run.
--   $languages  languages = common  Languages of both runs that define the types.
-- columns:
--   type       -        Type in the first run.
--   other      -        Type in the other run.
--   share      %        Share of neurons, over random examples of each run.
--   of_type    %        The same, as a share of neurons that have the type in the first run.
--   expected   %        Share expected if the runs' types were unrelated.
--   lift       -        Share divided by expected; 1 is chance.
--   n_neurons  neurons  Number of neurons in both runs.
WITH subset AS (
    SELECT bit_or(1::UBIGINT << bit) FILTER (run = $run) AS mask,
        bit_or(1::UBIGINT << bit) FILTER (run = $other) AS other_mask,
        len($languages) AS p
    FROM run_languages
    WHERE run IN ($run, $other) AND list_contains($languages, language)
), before AS (
    SELECT m.layer, m.neuron, sum(m.n) AS n, coalesce(sum(m.n) FILTER (m.mask & s.mask = 0), 0) AS non,
        coalesce(sum(m.n) FILTER (bit_count(m.mask & s.mask) = 1), 0) AS one,
        coalesce(sum(m.n) FILTER (m.mask & s.mask = s.mask), 0) AS every
    FROM neuron_masks m, subset s
    WHERE m.run = $run
    GROUP BY m.layer, m.neuron
), after AS (
    SELECT m.layer, m.neuron, sum(m.n) AS n, coalesce(sum(m.n) FILTER (m.mask & s.other_mask = 0), 0) AS non,
        coalesce(sum(m.n) FILTER (bit_count(m.mask & s.other_mask) = 1), 0) AS one,
        coalesce(sum(m.n) FILTER (m.mask & s.other_mask = s.other_mask), 0) AS every
    FROM neuron_masks m, subset s
    WHERE m.run = $other
    GROUP BY m.layer, m.neuron
), both_runs AS (
    SELECT b.non / b.n AS non, b.one / b.n AS one, b.every / b.n AS every,
        1 - (b.non + b.one + b.every) / b.n AS several,
        a.non / a.n AS a_non, a.one / a.n AS a_one, a.every / a.n AS a_every,
        1 - (a.non + a.one + a.every) / a.n AS a_several
    FROM before b JOIN after a USING (layer, neuron)
), sums AS (
    SELECT count(*) AS n, [sum(non), sum(one), sum(several), sum(every)] AS rows,
        [sum(a_non), sum(a_one), sum(a_several), sum(a_every)] AS columns,
        [[sum(non * a_non), sum(non * a_one), sum(non * a_several), sum(non * a_every)],
         [sum(one * a_non), sum(one * a_one), sum(one * a_several), sum(one * a_every)],
         [sum(several * a_non), sum(several * a_one), sum(several * a_several), sum(several * a_every)],
         [sum(every * a_non), sum(every * a_one), sum(every * a_several), sum(every * a_every)]] AS cells
    FROM both_runs
)
SELECT from_types.type, to_types.type AS other, 100 * cells[i][j] / n AS share,
    100 * cells[i][j] / nullif(rows[i], 0) AS of_type,
    100 * rows[i] * columns[j] / n / n AS expected,
    cells[i][j] * n / nullif(rows[i] * columns[j], 0) AS lift, n AS n_neurons
FROM sums, subset,
    (SELECT unnest(range(1, 5)) AS i, unnest(enum_range(NULL::neuron_type))::neuron_type AS type) from_types,
    (SELECT unnest(range(1, 5)) AS j, unnest(enum_range(NULL::neuron_type))::neuron_type AS type) to_types
WHERE n > 0 AND p > 2
ORDER BY i, j

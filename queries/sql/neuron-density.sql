-- name: neuron-density
-- title: Distribution of a neuron's activation
-- figure:
-- description: Histogram of the activation A of a neuron at the token of measurement, one value for each input, in each
--   language and in all selected languages together. Bins are powers of two on both sides of 0. Other tokens of the
--   prompts are not counted. No rows if the run did not count (--density).
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $layer      integer           The layer.
--   $neuron     integer           The neuron.
--   $languages  languages = all   Languages of the inputs.
-- columns:
--   language  -       Language of the inputs; NULL for all selected languages together.
--   bin       -       Bin, from 0 (the most negative) to 31; 15 contains 0, and A is above 0 from 16.
--   low       -       Lower end of the bin; for bin 0 minus infinity.
--   high      -       Upper end; for bin 31 infinity. Below 0, bins contain their upper end, above 0 their lower end.
--   n         inputs  Number of inputs with an activation in it.
--   share     %       Share of the inputs of the language.
WITH bins AS (
    SELECT bin::INTEGER AS bin, (CASE WHEN bin = 0 THEN '-infinity' WHEN bin < 15 THEN -(2.0 ** (6 - bin))
        WHEN bin = 15 THEN -(2.0 ** -9) WHEN bin = 16 THEN 0 ELSE 2.0 ** (bin - 26) END)::DOUBLE AS low,
        (CASE WHEN bin < 15 THEN -(2.0 ** (5 - bin)) WHEN bin = 15 THEN 0 WHEN bin = 31 THEN 'infinity'
            ELSE 2.0 ** (bin - 25) END)::DOUBLE AS high
    FROM range(32) r(bin)
), counted AS (
    SELECT language, bin, n
    FROM neuron_density
    WHERE run = $run AND layer = $layer AND neuron = $neuron AND list_contains($languages, language)
), all_counts AS (
    FROM counted
    UNION ALL
    SELECT NULL, bin, sum(n)
    FROM counted
    GROUP BY bin
)
SELECT s.language, b.bin, b.low, b.high, coalesce(c.n, 0)::BIGINT AS n, 100 * coalesce(c.n, 0) / s.inputs AS share
FROM (SELECT language, sum(n) AS inputs FROM all_counts GROUP BY language) s CROSS JOIN bins b
LEFT JOIN all_counts c ON c.language IS NOT DISTINCT FROM s.language AND c.bin = b.bin
LEFT JOIN run_languages l ON l.run = $run AND l.language = s.language
ORDER BY l.bit NULLS FIRST, b.bin

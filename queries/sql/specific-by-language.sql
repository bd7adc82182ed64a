-- name: specific-by-language
-- title: Whose the specific neurons are
-- figure: Figures 7 and 17, right
-- description: The share of each language in the specific neurons, those active in one chosen language
--   only; or, among neurons, their share of all neurons.
--   95 % intervals: jackknife over folds of examples, Student's t.
-- shared: subset, student
-- parameters:
--   $run        run               The run: number, name or key; the last one where it is left out.
--   $languages  languages = all   Languages over which types are told; at least two.
--   $among      specific|neurons = specific  Share of the specific neurons, or of all neurons.
--   $by_layer   boolean = true    One set of rows a layer, or one for all layers together.
-- columns:
--   layer     index  Layer, from 0; NULL where all layers are taken together.
--   language  -      Language to which the neurons are specific.
--   ratio     %      Their share.
--   low       %      Lower end of its 95 % interval; NULL with fewer than two folds.
--   high      %      Upper end.
WITH specifics AS (
    SELECT if($by_layer, h.layer, NULL) AS layer, h.fold, h.mask & s.mask AS mask, sum(h.n) AS n
    FROM mask_histogram h, subset s
    WHERE h.run = $run AND h.scope = 'last' AND ($among = 'neurons' OR bit_count(h.mask & s.mask) = 1)
        AND h.threshold = (SELECT threshold FROM runs WHERE run = $run)
    GROUP BY ALL
), counts AS (
    SELECT layer, fold, l.language, l.bit, sum(n) AS n,
        coalesce(sum(n) FILTER (mask = 1::UBIGINT << l.bit), 0) AS k
    FROM specifics, run_languages l
    WHERE l.run = $run AND list_contains($languages, l.language)
    GROUP BY ALL
), left_out AS (
    SELECT layer, language, bit, 100 * sum(k) OVER whole / nullif(sum(n) OVER whole, 0) AS ratio,
        100 * (sum(k) OVER whole - k) / nullif(sum(n) OVER whole - n, 0) AS without_fold
    FROM counts
    WINDOW whole AS (PARTITION BY layer, language)
), intervals AS (
    SELECT layer, language, bit, any_value(ratio) AS ratio,
        t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(without_fold)) AS half
    FROM left_out, student
    GROUP BY layer, language, bit, t
)
SELECT layer, language, ratio, ratio - half AS low, ratio + half AS high
FROM intervals, subset
WHERE p > 1
ORDER BY layer, bit

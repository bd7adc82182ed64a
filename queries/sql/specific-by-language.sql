-- name: specific-by-language
-- title: Specific neurons by language
-- figure: Figures 7 and 17, right
-- description: Share of each language among the specific neurons (active in only one selected language), or, with
--   among=neurons, their share of all neurons.
--   95 % intervals: jackknife over folds of examples, Student's t.
-- shared: subset, subset_masks, active_counts, student
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages that define the types; at least two.
--   $among      specific|neurons = specific  Share of the specific neurons, or of all neurons.
--   $by_layer   boolean = true    Rows for each layer, or for all layers together.
-- columns:
--   layer     index  Layer, from 0; NULL for all layers together.
--   language  -      Language to which the neurons are specific.
--   ratio     %      Share.
--   low       %      Lower end of its 95 % interval; NULL with fewer than two folds.
--   high      %      Upper end.
WITH specifics AS (
    SELECT if($by_layer, m.layer, NULL) AS layer, m.fold, m.mask, sum(m.n) AS n
    FROM subset_masks m
    WHERE $among = 'neurons' OR bit_count(m.mask) = 1
    GROUP BY ALL
), whole_counts AS (
    -- All of more than 15 languages: what is active in no second language is counted a language.
    SELECT if($by_layer, c.layer, NULL) AS layer, c.fold, sum(c.n) AS n
    FROM active_counts c JOIN subset s ON s.whole AND NOT s.listed
    WHERE $among = 'neurons' OR c.active = 1
    GROUP BY ALL
), alone AS (
    SELECT if($by_layer, l.layer, NULL) AS layer, l.fold, l.language, sum(l.n_only) AS k
    FROM language_pairs l JOIN subset s ON s.whole
    WHERE l.run = $run AND l.other = l.language
    GROUP BY ALL
), counts AS (
    SELECT layer, fold, l.language, l.bit, sum(n) AS n,
        coalesce(sum(n) FILTER (mask = 1::UBIGINT << l.bit), 0) AS k
    FROM specifics, run_languages l
    WHERE l.run = $run AND list_contains($languages, l.language)
    GROUP BY ALL
    UNION ALL
    SELECT w.layer, w.fold, l.language, l.bit, w.n, coalesce(a.k, 0)
    FROM whole_counts w CROSS JOIN (FROM run_languages WHERE run = $run) l
    LEFT JOIN alone a ON a.layer IS NOT DISTINCT FROM w.layer AND a.fold = w.fold AND a.language = l.language
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

-- name: partial-sharing-with
-- title: With whom a language shares its partial-shared neurons
-- figure: Figures 7 and 17, left
-- description: Of the partial-shared neurons that are active in one language (German in the paper), how
--   many are active in each other language too: a ratio of sums over examples.
--   95 % intervals: jackknife over folds of examples, Student's t.
-- shared: subset, student
-- parameters:
--   $run        run               The run: number, name or key; the last one where it is left out.
--   $languages  languages = all   Languages over which types are told; three or more for all four types.
--   $language   language = NULL   The language in question, one of the chosen; NULL is the first of them.
--   $among      language|type = language  Share of partial-shared neurons active in the language, or of all of them.
--   $by_layer   boolean = true    One set of rows a layer, or one for all layers together.
-- columns:
--   layer     index  Layer, from 0; NULL where all layers are taken together.
--   language  -      The language in question.
--   other     -      The language it shares with.
--   ratio     %      Share of partial-shared neurons that are active in both.
--   low       %      Lower end of its 95 % interval; NULL with fewer than two folds.
--   high      %      Upper end.
--   note      -      What to know where types are not all told, else NULL.
WITH focus AS (
    SELECT language, 1::UBIGINT << bit AS flag
    FROM run_languages
    WHERE run = $run AND list_contains($languages, language) AND language = coalesce($language, $languages[1])
), others AS (
    SELECT language AS other, bit AS other_bit, 1::UBIGINT << bit AS other_flag
    FROM run_languages
    WHERE run = $run AND list_contains($languages, language) AND language NOT IN (SELECT language FROM focus)
), partials AS MATERIALIZED (
    SELECT if($by_layer, h.layer, NULL) AS layer, h.fold, h.mask, h.n
    FROM mask_histogram h, subset s, focus f
    WHERE h.run = $run AND h.scope = 'last' AND h.threshold = (SELECT threshold FROM runs WHERE run = $run)
        AND bit_count(h.mask & s.mask) BETWEEN 2 AND p - 1 AND ($among = 'type' OR h.mask & flag = flag)
), wholes AS (
    SELECT layer, fold, sum(n) AS n
    FROM partials
    GROUP BY ALL
), parts AS (
    SELECT layer, fold, other, sum(n) AS k
    FROM partials, focus, others
    WHERE mask & (flag | other_flag) = (flag | other_flag)
    GROUP BY ALL
), counts AS (
    SELECT w.layer, w.fold, f.language, o.other, o.other_bit, w.n, coalesce(k, 0) AS k
    FROM wholes w CROSS JOIN focus f CROSS JOIN others o
    LEFT JOIN parts p ON p.layer IS NOT DISTINCT FROM w.layer AND p.fold = w.fold AND p.other = o.other
), left_out AS (
    SELECT layer, language, other, other_bit, 100 * sum(k) OVER whole / nullif(sum(n) OVER whole, 0) AS ratio,
        100 * (sum(k) OVER whole - k) / nullif(sum(n) OVER whole - n, 0) AS without_fold
    FROM counts
    WINDOW whole AS (PARTITION BY layer, other)
), intervals AS (
    SELECT layer, language, other, other_bit, any_value(ratio) AS ratio,
        t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(without_fold)) AS half
    FROM left_out, student
    GROUP BY layer, language, other, other_bit, t
)
SELECT layer, language, other, ratio, ratio - half AS low, ratio + half AS high, note
FROM intervals, subset
ORDER BY layer, other_bit

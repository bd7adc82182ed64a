-- name: sharing-by-family
-- title: Sharing between related and unrelated languages
-- figure: Section 5.3, Figures 7 and 17
-- description: Mean sharing of related language pairs compared with that of other pairs, for three relations: same
--   family, same branch, same script. The p-value is from a Mantel test: the share of 9,999 random permutations
--   of the languages (999 with more than 32 languages) with a difference at least as large. The interval is
--   over examples (jackknife over folds, Student's t), the p-value over languages. Pairs with a language of
--   unknown family, branch or script are left out.
-- shared: student, one_or_all_layers, pairs, shuffled
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages that form the pairs.
--   $measure    phi|lift|jaccard = phi  Measure of sharing, in the units of sharing-lift.
--   $layer      integer = NULL    Only this layer; NULL: all layers.
-- columns:
--   relation     -      family, branch or script.
--   n_related    pairs  Number of related language pairs.
--   n_other      pairs  Number of other pairs.
--   related      -      Mean sharing of related pairs; NULL without such pairs.
--   unrelated    -      Mean sharing of the other pairs.
--   difference   -      Related minus unrelated.
--   low          -      Lower end of its 95 % interval; NULL with fewer than two folds.
--   high         -      Upper end.
--   correlation  -      Mantel's r: correlation of sharing with relatedness over pairs.
--   p_value      -      Probability of a difference at least as large under permutation; one-sided.
--   n_unknown    languages  Number of languages with unknown family, branch or script.
WITH kinds AS (
    SELECT unnest(['family', 'branch', 'script']) AS relation, row_number() OVER (ORDER BY bit) AS place, bit,
        unnest([nullif(l.family, 'unknown'), nullif(l.branch, 'unknown'), nullif(l.script, 'Zzzz')]) AS label
    FROM chosen LEFT JOIN languages l ON l.code = chosen.language
), shared AS (
    SELECT fold, bit, other_bit, CASE $measure WHEN 'phi' THEN phi WHEN 'lift' THEN lift ELSE 100 * jaccard END AS x
    FROM pairs
), compared AS (
    SELECT a.relation, s.fold, s.x, a.label = b.label AS related
    FROM shared s JOIN kinds a ON a.bit = s.bit JOIN kinds b ON b.bit = s.other_bit AND b.relation = a.relation
), means AS (
    SELECT relation, fold, coalesce(count_if(related), 0)::INTEGER AS n_related,
        coalesce(count_if(NOT related), 0)::INTEGER AS n_other,
        avg(x) FILTER (related) AS related, avg(x) FILTER (NOT related) AS unrelated,
        avg(x) FILTER (related) - avg(x) FILTER (NOT related) AS difference,
        corr(x, related::INTEGER) AS correlation
    FROM compared
    GROUP BY relation, fold
), relabelled AS (
    SELECT k.relation, f.shuffle, f.bit, k.label
    FROM shuffled f JOIN kinds k USING (place)
), random_differences AS (
    SELECT a.relation, a.shuffle, avg(s.x) FILTER (a.label = b.label) - avg(s.x)
        FILTER (a.label != b.label) AS difference
    FROM shared s
    JOIN relabelled a ON a.bit = s.bit
    JOIN relabelled b ON b.bit = s.other_bit AND b.relation = a.relation AND b.shuffle = a.shuffle
    WHERE s.fold IS NULL
    GROUP BY a.relation, a.shuffle
), tested AS (
    -- The data's own labelling is one of the possible ones; 1e-12 lets equal differences be equal.
    SELECT m.relation, (1 + count_if(r.difference >= m.difference - 1e-12)) / (1 + count(*)) AS p_value
    FROM means m JOIN random_differences r USING (relation)
    WHERE m.fold IS NULL AND m.difference IS NOT NULL
    GROUP BY m.relation
), unknown AS (
    SELECT relation, count_if(label IS NULL)::INTEGER AS n_unknown
    FROM kinds
    GROUP BY relation
), spreads AS (
    SELECT relation, t[count(fold) - 1] * sqrt(count(fold) - 1) * stddev_pop(difference)
        FILTER (fold IS NOT NULL) AS half
    FROM means, student
    GROUP BY relation, t
)
SELECT relation, n_related, n_other, related, unrelated, difference, difference - half AS low,
    difference + half AS high, correlation, p_value, n_unknown
FROM means JOIN spreads USING (relation) JOIN unknown USING (relation) LEFT JOIN tested USING (relation)
WHERE fold IS NULL
ORDER BY list_position(['family', 'branch', 'script'], relation)

-- name: sharing-by-family
-- title: Do related languages share more neurons?
-- figure: Section 5.3, Figures 7 and 17
-- description: The mean sharing of pairs of related languages against that of other pairs, for each way of
--   being related: same family, same branch, same script. The p-value is a Mantel test: how often one of 9,999
--   random relabellings of the languages (999 above 32 languages) gives a difference as large or larger. The
--   interval covers the choice of examples (jackknife over folds, Student's t); the p-value that of languages.
--   Pairs with a language whose family, branch or script is not known are left out.
-- shared: student, one_or_all_layers, pairs, shuffled
-- parameters:
--   $run        run               The run: number, name or key; the last one where it is left out.
--   $languages  languages = all   Languages whose pairs are looked at.
--   $measure    phi|lift|jaccard = phi  How sharing is measured; see sharing-lift.
--   $layer      integer = NULL    Only this layer; NULL is all layers.
-- columns:
--   relation     -      family, branch or script.
--   n_related    pairs  Pairs of languages that are related.
--   n_other      pairs  Pairs that are not.
--   related      -      Mean sharing of related pairs; NULL where there is none.
--   unrelated    -      Mean sharing of the other pairs.
--   difference   -      Related less unrelated.
--   low          -      Lower end of its 95 % interval; NULL with fewer than two folds.
--   high         -      Upper end.
--   correlation  -      Mantel's r: correlation over pairs of sharing with being related.
--   p_value      -      Chance of a difference at least as large, by relabelling; one-sided.
--   n_unknown    languages  Languages whose family, branch or script is not known.
WITH kinds AS (
    SELECT unnest(['family', 'branch', 'script']) AS relation, row_number() OVER (ORDER BY bit) AS place, bit,
        unnest([nullif(l.family, 'unknown'), nullif(l.branch, 'unknown'), nullif(l.script, 'Zzzz')]) AS label
    FROM chosen LEFT JOIN languages l ON l.code = chosen.language
), shared AS (
    SELECT fold, bit, other_bit, CASE $measure WHEN 'phi' THEN phi WHEN 'lift' THEN lift ELSE jaccard END AS x
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

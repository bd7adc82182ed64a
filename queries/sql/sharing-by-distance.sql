-- name: sharing-by-distance
-- title: Sharing of close and distant languages
-- figure: beyond Section 5.3
-- description: Spearman's correlation, over pairs of languages, between sharing and each distance. Negative: closer
--   languages share more. Pairs are not independent, because each language is in several, so the p-value is from a
--   Mantel test: the share of permutations of the languages with a correlation at least as low. All permutations
--   with up to 7 languages, otherwise 9,999 random ones (999 with more than 12 languages). The interval is over
--   examples (jackknife over folds, Student's t), the p-value over languages. p-values are not corrected for the
--   number of distances, and distances are correlated with each other. Family, branch and script are 0 if equal,
--   otherwise 1; the others are URIEL's, from 0 to 1, and need: pip install 'neurontui[distances]'. Unknown
--   distances are left out.
-- shared: student, one_or_all_layers, pairs, shuffled, distances
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages that form the pairs.
--   $measure    phi|lift|jaccard = phi  Measure of sharing, as in sharing-lift.
--   $layer      integer = NULL    Only this layer; NULL: all layers.
-- columns:
--   distance      -             family, branch, script, genetic, syntactic, phonological, inventory or geographic.
--   n_languages   languages     Number of languages with this distance to at least one other.
--   n_pairs       pairs         Number of pairs of languages whose distance is known.
--   correlation   -             Spearman's ρ over pairs; NULL with fewer than three pairs or if all are equal.
--   low           -             Lower end of its 95 % interval, may pass −1; NULL with fewer than two folds.
--   high          -             Upper end.
--   p_value       -             Probability of a correlation at least as low under permutation; one-sided.
--   permutations  permutations  Number of permutations of the languages, the data's own order included.
--   n_unknown     languages     Number of languages without this distance.
--   note          -             Why there is no correlation, else NULL.
WITH known AS (
    SELECT d.kind, p.fold, p.bit, p.other_bit, d.distance,
        round(CASE $measure WHEN 'phi' THEN phi WHEN 'lift' THEN lift ELSE 100 * jaccard END, 12) AS sharing
    FROM pairs p JOIN distances d USING (bit, other_bit)
), kept AS (
    SELECT kind, bit, row_number() OVER same AS place, count(*) OVER (PARTITION BY kind) AS n
    FROM (SELECT DISTINCT kind, bit FROM distances WHERE distance IS NOT NULL)
    WINDOW same AS (PARTITION BY kind ORDER BY bit)
), ranks AS (
    -- Equal values share the mean of their ranks.
    SELECT kind, fold,
        rank() OVER (PARTITION BY kind, fold ORDER BY sharing)
            + (count(*) OVER (PARTITION BY kind, fold, sharing) - 1) / 2 AS sharing,
        rank() OVER (PARTITION BY kind, fold ORDER BY distance)
            + (count(*) OVER (PARTITION BY kind, fold, distance) - 1) / 2 AS distance
    FROM known
    WHERE sharing IS NOT NULL AND distance IS NOT NULL
), correlations AS (
    SELECT kind, fold, count(*) AS n_pairs, CASE WHEN count(*) > 2 AND min(sharing) < max(sharing)
        AND min(distance) < max(distance) THEN corr(sharing, distance) END AS correlation
    FROM ranks
    GROUP BY kind, fold
), spreads AS (
    SELECT kind, t[count(correlation) - 1] * sqrt(count(correlation) - 1) * stddev_pop(correlation) AS half
    FROM correlations, student
    WHERE fold IS NOT NULL
    GROUP BY kind, t
), places AS (
    -- Sharing of every pair of the languages kept, also where the distance is unknown: a permutation may need it.
    SELECT k.kind, a.place AS one, b.place AS two, rank() OVER same + (count(*) OVER equal - 1) / 2 AS sharing
    FROM known k
    JOIN kept a ON a.kind = k.kind AND a.bit = k.bit JOIN kept b ON b.kind = k.kind AND b.bit = k.other_bit
    WHERE k.fold IS NULL AND k.sharing IS NOT NULL
    WINDOW same AS (PARTITION BY k.kind ORDER BY k.sharing), equal AS (PARTITION BY k.kind, k.sharing)
), ranked_distances AS (
    SELECT d.kind, a.place AS one, b.place AS two, rank() OVER same + (count(*) OVER equal - 1) / 2 AS distance
    FROM distances d
    JOIN kept a ON a.kind = d.kind AND a.bit = d.bit JOIN kept b ON b.kind = d.kind AND b.bit = d.other_bit
    WHERE d.distance IS NOT NULL
    WINDOW same AS (PARTITION BY d.kind ORDER BY d.distance), equal AS (PARTITION BY d.kind, d.distance)
), permutations AS (
    WITH RECURSIVE lists AS (
        SELECT n, []::BIGINT[] AS list
        FROM (SELECT DISTINCT n FROM kept WHERE n <= 7)
        UNION ALL
        SELECT n, list_append(list, item)
        FROM lists CROSS JOIN unnest(range(1, 8)) AS items(item)
        WHERE item <= n AND NOT list_contains(list, item)
    )
    SELECT n, row_number() OVER (PARTITION BY n ORDER BY list) AS shuffle, list
    FROM lists
    WHERE len(list) = n
), orders AS (
    -- Shuffle 0 is the data's own order.
    SELECT kind, 0 AS shuffle, place, place AS moved
    FROM kept
    UNION ALL
    SELECT k.kind, p.shuffle, k.place, p.list[k.place]
    FROM kept k JOIN permutations p USING (n)
    UNION ALL
    SELECT kind, shuffle, k.place, row_number() OVER (PARTITION BY kind, shuffle ORDER BY f.place)
    FROM kept k JOIN shuffled f USING (bit)
    WHERE n > 7 AND (n <= 12 OR shuffle < 1000)
), shuffles AS (
    SELECT s.kind, a.shuffle, corr(s.sharing, d.distance) AS correlation
    FROM places s
    JOIN orders a ON a.kind = s.kind AND a.place = s.one
    JOIN orders b ON b.kind = s.kind AND b.place = s.two AND b.shuffle = a.shuffle
    JOIN ranked_distances d ON d.kind = s.kind AND d.one = a.moved AND d.two = b.moved
    GROUP BY s.kind, a.shuffle
), tested AS (
    -- All permutations include the data's own order, so it is not counted again. 1e-9 lets equal values be equal.
    SELECT kind, count(*) - exact AS permutations,
        (count_if(correlation <= own + 1e-9) - exact) / (count(*) - exact) AS p_value
    FROM (SELECT *, first_value(correlation) OVER (PARTITION BY kind ORDER BY shuffle) AS own FROM shuffles)
    JOIN (SELECT DISTINCT kind, (n <= 7)::INTEGER AS exact FROM kept) USING (kind)
    GROUP BY kind, exact
), counted AS (
    SELECT d.kind, count(DISTINCT d.bit) FILTER (d.distance IS NOT NULL) AS n_languages, count(DISTINCT d.bit) AS n
    FROM distances d
    WHERE EXISTS (FROM pairs)
    GROUP BY d.kind
)
SELECT c.kind AS distance, n_languages, coalesce(n_pairs, 0) AS n_pairs, correlation,
    correlation - half AS low, correlation + half AS high,
    if(correlation IS NULL, NULL, p_value) AS p_value, if(correlation IS NULL, NULL, permutations) AS permutations,
    n - n_languages AS n_unknown,
    CASE WHEN n_languages = 0 AND c.kind IN (FROM distance_kinds) AND NOT EXISTS (FROM language_distances)
            THEN 'URIEL is not installed: pip install ''neurontui[distances]'''
        WHEN coalesce(n_pairs, 0) < 3 THEN 'fewer than three pairs of languages have this distance'
        WHEN correlation IS NULL THEN 'all pairs have the same distance or sharing' END AS note
FROM counted c
LEFT JOIN (FROM correlations WHERE fold IS NULL) USING (kind)
LEFT JOIN spreads USING (kind) LEFT JOIN tested USING (kind)
ORDER BY list_position(
    ['family', 'branch', 'script', 'genetic', 'syntactic', 'phonological', 'inventory', 'geographic'], c.kind
)

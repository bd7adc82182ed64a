-- name: type-ratio-by-language-count
-- title: Neuron types by number of languages
-- figure: Figure 8
-- description: Type ratios over 3, 4, … of the selected languages: the mean over all sets of each size, computed
--   exactly from the number of active languages of each neuron. With nested sets, as in the paper,
--   partial-shared can only increase; compare with `independent`, the ratio expected in each layer if the
--   languages were independent and had the same activity rates.
--   Intervals: jackknife over folds of examples, Student's t.
-- shared: subset, subset_masks, active_counts, student
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages that form the sets; at least three.
--   $by_layer   boolean = false   Rows for each layer, or for all layers together.
-- columns:
--   layer        index      Layer, from 0; NULL for all layers together.
--   n_languages  languages  Size of the sets of languages.
--   type         -          Neuron type.
--   ratio        %          Type ratio: mean over examples and over all sets of this size.
--   low          %          Lower end of its 95 % interval; NULL with fewer than two folds.
--   high         %          Upper end.
--   smallest     %          Smallest ratio of any set; NULL with more than ten languages.
--   largest      %          Largest ratio of any set; NULL with more than ten languages.
--   independent  %          Ratio expected for independent languages.
WITH RECURSIVE layer_masks AS (
    SELECT layer, mask, sum(n) AS n
    FROM subset_masks
    GROUP BY ALL
), shown_masks AS (
    SELECT if($by_layer, layer, NULL) AS layer, mask, sum(n) AS n
    FROM layer_masks
    GROUP BY ALL
), sizes AS (
    SELECT unnest(range(3, p + 1)) AS size, p
    FROM subset
), chances AS (
    -- In which share of all sets of the size a neuron active in `active` of p languages has each type.
    SELECT size, active,
        list_product(list_transform(range(size), lambda i: (p - active - i) / (p - i))) AS non,
        active * size / p
            * coalesce(list_product(list_transform(range(size - 1),
            lambda i: (p - active - i) / (p - 1 - i))), 1) AS one,
        list_product(list_transform(range(size), lambda i: (active - i) / (p - i))) AS every
    FROM sizes, (SELECT unnest(range(0, p + 1)) AS active FROM subset)
), counts AS (
    SELECT if($by_layer, layer, NULL) AS layer, fold, size, sum(n) AS n,
        sum(n * non) AS non, sum(n * one) AS one, sum(n * every) AS every
    FROM active_counts JOIN chances USING (active)
    GROUP BY ALL
), typed AS (
    SELECT layer, fold, size, n, unnest(enum_range(NULL::neuron_type))::neuron_type AS type,
        unnest([non, one, n - non - one - every, every]) AS k
    FROM counts
), left_out AS (
    SELECT layer, size, type, 100 * sum(k) OVER whole / sum(n) OVER whole AS ratio,
        100 * (sum(k) OVER whole - k) / nullif(sum(n) OVER whole - n, 0) AS without_fold
    FROM typed
    WINDOW whole AS (PARTITION BY layer, size, type)
), intervals AS (
    SELECT layer, size, type, any_value(ratio) AS ratio,
        t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(without_fold)) AS half
    FROM left_out, student
    GROUP BY layer, size, type, t
), sets AS (
    -- Every set of the chosen languages, up to ten of them.
    SELECT list_sum(list_transform(flags, lambda flag, i: if(k >> (i - 1) & 1 = 1, flag, 0)))::UBIGINT AS chosen
    FROM (
        SELECT list(1::UBIGINT << bit ORDER BY bit) AS flags
        FROM run_languages
        WHERE run = $run AND list_contains($languages, language)
    ), (SELECT unnest(range(1, if(p <= 10, 1::BIGINT << p, 1))) AS k FROM subset)
), set_ratios AS (
    SELECT layer, chosen, sum(n) AS n,
        coalesce(sum(n) FILTER (m.mask & chosen = 0), 0) AS non,
        coalesce(sum(n) FILTER (bit_count(m.mask & chosen) = 1), 0) AS one,
        coalesce(sum(n) FILTER (m.mask & chosen = chosen), 0) AS every
    FROM shown_masks m, sets
    WHERE bit_count(chosen) > 2
    GROUP BY ALL
), set_types AS (
    SELECT layer, bit_count(chosen) AS size, 100 / n AS percent,
        unnest(enum_range(NULL::neuron_type))::neuron_type AS type,
        unnest([non, one, n - non - one - every, every]) AS k
    FROM set_ratios
), bands AS (
    SELECT layer, size, type, min(k * percent) AS smallest, max(k * percent) AS largest
    FROM set_types
    GROUP BY layer, size, type
), weights AS (
    SELECT layer, sum(n) AS n
    FROM active_counts
    GROUP BY layer
), singles AS (
    SELECT layer, bit, sum(n) FILTER (mask >> bit & 1 = 1) AS n
    FROM layer_masks, run_languages r
    WHERE r.run = $run AND list_contains($languages, r.language)
    GROUP BY layer, bit
    UNION ALL
    SELECT l.layer, r.bit, sum(l.n)
    FROM language_pairs l JOIN run_languages r ON r.run = l.run AND r.language = l.language JOIN subset s ON s.whole
    WHERE l.run = $run AND l.other = l.language
    GROUP BY l.layer, r.bit
), rates AS (
    SELECT layer, row_number() OVER (PARTITION BY layer ORDER BY bit) AS step, s.n / w.n AS rate
    FROM singles s JOIN weights w USING (layer)
), draws AS (
    -- How many of independent languages are active in a layer, one language after the other.
    SELECT DISTINCT layer, 0::BIGINT AS step, 0::BIGINT AS active, 1.0::DOUBLE AS chance
    FROM rates
    UNION ALL
    SELECT d.layer, d.step + 1, d.active + hit,
        sum(d.chance * if(hit = 1, coalesce(rate, 0), 1 - coalesce(rate, 0)))
    FROM draws d JOIN rates r ON r.layer = d.layer AND r.step = d.step + 1, (VALUES (0), (1)) hits(hit)
    GROUP BY d.layer, d.step, d.active + hit
), expected AS (
    SELECT if($by_layer, layer, NULL) AS layer, size, sum(n * chance) AS n,
        sum(n * chance * non) AS non, sum(n * chance * one) AS one, sum(n * chance * every) AS every
    FROM draws JOIN chances USING (active) JOIN weights USING (layer), subset
    WHERE step = p
    GROUP BY ALL
), expected_types AS (
    SELECT layer, size, 100 / n AS percent, unnest(enum_range(NULL::neuron_type))::neuron_type AS type,
        unnest([non, one, n - non - one - every, every]) AS k
    FROM expected
)
SELECT i.layer, i.size::INTEGER AS n_languages, i.type, i.ratio, i.ratio - i.half AS low,
    i.ratio + i.half AS high, b.smallest, b.largest, e.k * e.percent AS independent
FROM intervals i
LEFT JOIN bands b ON b.layer IS NOT DISTINCT FROM i.layer AND b.size = i.size AND b.type = i.type
LEFT JOIN expected_types e ON e.layer IS NOT DISTINCT FROM i.layer AND e.size = i.size AND e.type = i.type
ORDER BY i.layer, i.size, i.type

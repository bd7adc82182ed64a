-- name: contribution-by-type
-- title: Average and total contribution of each type
-- figure: Figure 10
-- description: Average contribution score (Eq. 9) of a neuron of each type, and the sum over all neurons of the
--   type, as means over inputs. Scores are shares of a layer's output, so averages of different layers cannot
--   be compared; the measure raw is |A| times the norm of the value vector, not normalized.
--   A type that does not occur is NULL. 95 % intervals: jackknife over folds of examples, Student's t.
-- requires_all_languages: true
-- shared: subset, scored, student
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages that define the types; all four types need at least three.
--   $language   language = NULL   Only inputs in this language; NULL: all selected languages together.
--   $measure    share|raw = share  Contribution score in percent, or the product that is not normalized.
--   $by_layer   boolean = true    Rows for each layer, or for all layers together.
-- columns:
--   layer         index   Layer, from 0; NULL for all layers together.
--   type          -       Neuron type.
--   average       %|raw   Contribution of one neuron of the type, mean over its neurons and inputs.
--   average_low   %|raw   Lower end of its 95 % interval; NULL with fewer than two folds.
--   average_high  %|raw   Upper end.
--   total         %|raw   Contribution of all neurons of the type in a layer, mean over inputs.
--   total_low     %|raw   Lower end.
--   total_high    %|raw   Upper end.
--   note          -       Remark if some types are undefined or have no intervals, else NULL.
WITH by_type AS (
    -- Inputs of a layer: neuron × example pairs over its neurons.
    SELECT if($by_layer, a.layer, NULL) AS layer, a.fold, a.type, sum(a.n) AS n, sum(a.n / l.n_neurons) AS inputs,
        sum(if($measure = 'share', 100 * a.cs_sum, a.raw_sum)) AS x
    FROM scored a JOIN layers l ON l.run = $run AND l.layer = a.layer
    WHERE $language IS NULL OR a.language = $language
    GROUP BY ALL
), inputs AS (
    SELECT layer, fold, sum(inputs) AS inputs
    FROM by_type
    GROUP BY ALL
), counts AS (
    SELECT i.layer, i.fold, i.inputs, k.type, coalesce(b.n, 0) AS n, coalesce(b.x, 0) AS x
    FROM inputs i
    CROSS JOIN (SELECT unnest(enum_range(NULL::neuron_type))::neuron_type AS type) k
    LEFT JOIN by_type b ON b.layer IS NOT DISTINCT FROM i.layer AND b.fold = i.fold AND b.type = k.type
), left_out AS (
    SELECT layer, type, sum(n) OVER whole AS n,
        sum(x) OVER whole / nullif(sum(n) OVER whole, 0) AS average,
        sum(x) OVER whole / sum(inputs) OVER whole AS total,
        (sum(x) OVER whole - x) / nullif(sum(n) OVER whole - n, 0) AS average_without,
        (sum(x) OVER whole - x) / nullif(sum(inputs) OVER whole - inputs, 0) AS total_without
    FROM counts
    WINDOW whole AS (PARTITION BY layer, type)
), intervals AS (
    SELECT layer, type, any_value(n) AS n, any_value(average) AS average, any_value(total) AS total,
        t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(average_without)) AS average_half,
        t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(total_without)) AS total_half
    FROM left_out, student
    GROUP BY layer, type, t
)
SELECT layer, type, average, average - average_half AS average_low, average + average_half AS average_high,
    if(n > 0, total, NULL) AS total, if(n > 0, total - total_half, NULL) AS total_low,
    if(n > 0, total + total_half, NULL) AS total_high, note
FROM intervals, subset
ORDER BY layer, type

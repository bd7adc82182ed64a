-- name: types-by-correctness
-- title: Type ratios of right and wrong answers
-- figure: beyond Section 5.2
-- description: Type ratios of examples with right answers compared with those with wrong answers. Each example counts
--   once for every selected language with such an answer. All languages of the run define the types.
--   95 % interval of the difference: jackknife over folds of examples, Student's t.
-- shared: student
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages of the answers.
--   $by_layer   boolean = true    Rows for each layer, or for all layers together.
-- columns:
--   layer       index   Layer, from 0; NULL for all layers together.
--   type        -       Neuron type, over all languages of the run.
--   correct     %       Type ratio for right answers.
--   incorrect   %       Type ratio for wrong answers.
--   difference  points  Right minus wrong.
--   low         points  Lower end of its 95 % interval; NULL with fewer than two folds.
--   high        points  Upper end.
--   n_right     inputs  Number of inputs with a right answer.
--   n_wrong     inputs  Number of inputs with a wrong answer.
WITH answers AS (
    SELECT example, any_value(fold) AS fold, count_if(correct) AS n_right, count_if(NOT correct) AS n_wrong
    FROM examples
    WHERE run = $run AND list_contains($languages, language)
    GROUP BY example
    HAVING count(correct) > 0
), typed AS (
    SELECT if($by_layer, t.layer, NULL) AS layer, a.fold, a.n_right, a.n_wrong,
        t.n_non + t.n_specific + t.n_partial + t.n_all AS n,
        unnest(enum_range(NULL::neuron_type))::neuron_type AS type,
        unnest([t.n_non, t.n_specific, t.n_partial, t.n_all]) AS k
    FROM example_types t JOIN answers a ON a.example = t.example
    WHERE t.run = $run
), sums AS (
    SELECT layer, fold, type, sum(k * n_right)::DOUBLE AS k_right, sum(n * n_right)::DOUBLE AS correct,
        sum(k * n_wrong)::DOUBLE AS k_wrong, sum(n * n_wrong)::DOUBLE AS incorrect
    FROM typed
    GROUP BY layer, fold, type
), left_out AS (
    SELECT layer, type, 100 * sum(k_right) OVER whole / nullif(sum(correct) OVER whole, 0) AS correct,
        100 * sum(k_wrong) OVER whole / nullif(sum(incorrect) OVER whole, 0) AS incorrect,
        100 * ((sum(k_right) OVER whole - k_right) / nullif(sum(correct) OVER whole - correct, 0)
            - (sum(k_wrong) OVER whole - k_wrong)
                / nullif(sum(incorrect) OVER whole - incorrect, 0)) AS without_fold
    FROM sums
    WINDOW whole AS (PARTITION BY layer, type)
), intervals AS (
    SELECT layer, type, any_value(correct) AS correct, any_value(incorrect) AS incorrect,
        t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(without_fold)) AS half
    FROM left_out, student
    GROUP BY layer, type, t
), inputs AS (
    SELECT sum(n_right)::BIGINT AS n_right, sum(n_wrong)::BIGINT AS n_wrong
    FROM answers
)
SELECT layer, type, correct, incorrect, correct - incorrect AS difference, difference - half AS low,
    difference + half AS high, n_right, n_wrong
FROM intervals, inputs
ORDER BY layer, type

-- name: accuracy
-- title: Accuracy by language
-- figure: Tables 2 and 4, baseline
-- description: Share of greedily generated answers that match the expected answer (normalized), without ablation.
--   95 % interval: jackknife over folds of examples, Student's t.
-- shared: student
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages of the prompts.
-- columns:
--   language   -       Language of the prompt.
--   accuracy   %       Prompts with a right answer.
--   low        %       Lower end of its 95 % interval; NULL with fewer than two folds.
--   high       %       Upper end.
--   n_correct  inputs  Prompts with a right answer.
--   n          inputs  Prompts with a judged answer.
WITH counts AS (
    SELECT e.language, l.bit, e.fold, count(e.correct) AS n, count_if(e.correct) AS k
    FROM examples e JOIN run_languages l ON l.run = e.run AND l.language = e.language
    WHERE e.run = $run AND list_contains($languages, e.language)
    GROUP BY ALL
    HAVING count(e.correct) > 0
), left_out AS (
    SELECT language, bit, sum(n) OVER whole AS n, sum(k) OVER whole AS k,
        100 * (sum(k) OVER whole - k) / nullif(sum(n) OVER whole - n, 0) AS without_fold
    FROM counts
    WINDOW whole AS (PARTITION BY language)
), intervals AS (
    SELECT language, bit, any_value(n) AS n, any_value(k) AS k, 100 * any_value(k) / any_value(n) AS accuracy,
        t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(without_fold)) AS half
    FROM left_out, student
    GROUP BY language, bit, t
)
SELECT language, accuracy, accuracy - half AS low, accuracy + half AS high, k::BIGINT AS n_correct, n::BIGINT AS n
FROM intervals
ORDER BY bit

-- name: output-language
-- title: Language of the generated answers
-- figure:
-- description: In which of the run's languages the model answers, and how often the detector errs on the expected
--   answers, whose language is known. Short answers, such as names, are often undetermined. 95 % interval:
--   jackknife over folds of examples, Student's t.
-- shared: student
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages of the prompts.
-- columns:
--   language             -       Language of the prompt.
--   expected             -       Language of the expected answers; the most frequent one.
--   own                  %       Generated answers in the expected language, among those that are determined.
--   low                  %       Lower end of its 95 % interval; NULL with fewer than two folds.
--   high                 %       Upper end.
--   other                -       Most frequent other language of generated answers, or NULL.
--   other_share          %       Generated answers in that language, among those that are determined.
--   undetermined         %       Generated answers whose language is undetermined.
--   n                    inputs  Generated answers.
--   wrong_answers        %       Expected answers that the detector assigns to another language: its error rate.
--   undetermined_answers  %      Expected answers whose language it does not determine.
WITH outputs AS (
    SELECT e.language, l.bit, e.fold, e.answer_language AS expected, e.output_language AS said,
        e.detected_language AS read
    FROM examples e JOIN run_languages l ON l.run = e.run AND l.language = e.language
    WHERE e.run = $run AND list_contains($languages, e.language) AND e.output_language IS NOT NULL
), sums AS (
    SELECT language, fold, count_if(said != 'und') AS n, count_if(said = expected) AS k
    FROM outputs
    GROUP BY ALL
    HAVING count_if(said != 'und') > 0
), left_out AS (
    SELECT language, 100 * (sum(k) OVER whole - k) / nullif(sum(n) OVER whole - n, 0) AS without_fold
    FROM sums
    WINDOW whole AS (PARTITION BY language)
), halves AS (
    SELECT language, t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(without_fold)) AS half
    FROM left_out, student
    GROUP BY language, t
), others AS (
    SELECT language, arg_max(said, (n, said)) AS other, max(n) AS n
    FROM (
        SELECT language, said, count(*) AS n
        FROM outputs
        WHERE said NOT IN ('und', expected)
        GROUP BY ALL
    )
    GROUP BY language
), shares AS (
    SELECT language, bit, mode(expected) AS expected, count(*) AS n, count_if(said = 'und') AS n_unknown,
        100 * count_if(said = expected) / nullif(count_if(said != 'und'), 0) AS own,
        100 * count_if(read NOT IN ('und', expected)) / nullif(count(read), 0) AS wrong_answers,
        100 * count_if(read = 'und') / nullif(count(read), 0) AS undetermined_answers
    FROM outputs
    GROUP BY language, bit
)
SELECT language, expected, own, own - half AS low, own + half AS high, other,
    100 * o.n / nullif(s.n - n_unknown, 0) AS other_share, 100 * n_unknown / s.n AS undetermined, s.n,
    wrong_answers, undetermined_answers
FROM shares s LEFT JOIN halves h USING (language) LEFT JOIN others o USING (language)
ORDER BY bit

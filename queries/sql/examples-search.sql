-- name: examples-search
-- title: List of examples, with text search
-- figure:
-- description: One row per example: its prompt in the first selected language with a match, and the number of
--   selected languages with a right answer. The text is searched in prompts, answers, predictions and ids,
--   ignoring case.
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages to search.
--   $text       text = NULL       Text to search for; NULL: all examples.
--   $answered   any|right|wrong = any  right: right in all selected languages; wrong: wrong in at least one.
--   $limit      integer = 10000   Maximum number of rows; `found` is the number without this limit.
-- columns:
--   example     index      Example, from 0.
--   id          -          Id of the example in the task's data.
--   language    -          Language of the displayed prompt.
--   prompt      -          The prompt.
--   answer      -          The expected answer, or NULL.
--   prediction  -          The generated answer, or NULL.
--   correct     -          Whether the generated answer is right, or NULL.
--   n_correct   languages  Number of selected languages with a right answer; NULL if none was judged.
--   n_answered  languages  Number of selected languages with a judged answer.
--   rank        -          Rank of the expected answer among the candidates, or NULL.
--   n_candidates  -        Number of candidates, or NULL.
--   output_language  -     Detected language of the generated answer, und if undetermined, or NULL.
--   found       examples   Number of matching examples, without the limit.
WITH matching AS (
    SELECT x.*, l.bit,
        $text IS NULL OR contains(lower(x.prompt), lower($text))
            OR contains(lower(coalesce(x.answer, '')), lower($text))
            OR contains(lower(coalesce(x.prediction, '')), lower($text))
            OR contains(lower(x.id), lower($text)) AS matches
    FROM examples x JOIN run_languages l ON l.run = x.run AND l.language = x.language
    WHERE x.run = $run AND list_contains($languages, x.language)
), found AS (
    SELECT example, min(bit) FILTER (matches) AS bit, count_if(correct)::INTEGER AS n_correct,
        count(correct) AS n_answered
    FROM matching
    GROUP BY example
    HAVING count_if(matches) > 0 AND CASE $answered WHEN 'right' THEN bool_and(correct)
        WHEN 'wrong' THEN bool_or(NOT correct) ELSE true END
)
SELECT m.example, m.id, m.language, m.prompt, m.answer, m.prediction, m.correct,
    if(n_answered > 0, n_correct, NULL) AS n_correct, n_answered, m.rank, m.n_candidates, m.output_language,
    count(*) OVER () AS found
FROM found f JOIN matching m ON m.example = f.example AND m.bit = f.bit
ORDER BY m.example
LIMIT $limit

-- name: examples-search
-- title: Examples, all or by a word
-- figure:
-- description: One row an example: its prompt in the first chosen language in which it matches, and in how many of
--   them the model answered rightly. A word is looked for in prompts, answers, predictions and ids,
--   letter case ignored.
-- parameters:
--   $run        run               The run: number, name or key; the last one where it is left out.
--   $languages  languages = all   Languages to look in.
--   $text       text = NULL       What to look for; NULL is every example.
--   $answered   any|right|wrong = any  Only examples answered rightly in all chosen languages, or wrongly in one.
--   $limit      integer = 10000   At most so many rows; `found` counts them all.
-- columns:
--   example     index      Example, from 0.
--   id          -          Its id in the task's data.
--   language    -          Language of the prompt shown.
--   prompt      -          The prompt.
--   answer      -          The right answer, or NULL.
--   prediction  -          What the model answered, or NULL.
--   correct     -          Whether that is right, or NULL.
--   n_correct   languages  Chosen languages in which the answer is right; NULL where none was judged.
--   n_answered  languages  Chosen languages in which an answer was judged.
--   found       examples   Examples found, before the limit.
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
    if(n_answered > 0, n_correct, NULL) AS n_correct, n_answered, count(*) OVER () AS found
FROM found f JOIN matching m ON m.example = f.example AND m.bit = f.bit
ORDER BY m.example
LIMIT $limit

-- name: example-prompts
-- title: An example in every language
-- figure:
-- description: Prompt, answer and prediction of one example in each language, and where activations were read.
-- parameters:
--   $run        run               The run: number, name or key; the last one where it is left out.
--   $example    integer           The example.
--   $languages  languages = all   Languages to show.
-- columns:
--   language    -       Language.
--   id          -       The example's id in the task's data.
--   prompt      -       What the model read.
--   answer      -       The right answer, or NULL.
--   prediction  -       What the model answered, or NULL.
--   correct     -       Whether that is right, or NULL.
--   n_tokens    tokens  Tokens of the prompt.
--   last_token  -       The token at which activations were read.
--   cluster     -       The source that it shares with other examples.
--   fold        -       Its fold in the jackknife.
SELECT x.language, x.id, x.prompt, x.answer, x.prediction, x.correct, x.n_tokens, x.last_token, x.cluster,
    x.fold
FROM examples x JOIN run_languages l ON l.run = x.run AND l.language = x.language
WHERE x.run = $run AND x.example = $example AND list_contains($languages, x.language)
ORDER BY l.bit

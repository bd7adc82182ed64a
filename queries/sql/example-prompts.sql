-- name: example-prompts
-- title: An example in every language
-- figure:
-- description: Prompt, answer and prediction of one example in each language, and the token of measurement.
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $example    integer           The example.
--   $languages  languages = all   Languages to show.
-- columns:
--   language    -       Language.
--   id          -       Id of the example in the task's data.
--   prompt      -       Input of the model.
--   answer      -       The expected answer, or NULL.
--   prediction  -       The generated answer, or NULL.
--   correct     -       Whether the generated answer is right, or NULL.
--   rank        -       Rank of the expected answer: 1 + number of candidates that are more likely, or NULL.
--   n_candidates  -     Number of candidates: the choices, or else all distinct answers of the run in this language.
--   answer_logprob  nats  Log-probability of the expected answer, or NULL.
--   output_language  -  Detected language of the generated answer, und if undetermined, or NULL.
--   n_tokens    tokens  Number of tokens of the prompt.
--   last_token  -       Token at which activations were read.
--   token       -       Which token that is: last (of the prompt), subject (its last token) or first-generated.
--   cluster     -       Cluster: examples with the same source.
--   fold        -       Fold of the example in the jackknife.
SELECT x.language, x.id, x.prompt, x.answer, x.prediction, x.correct,
    x.rank, x.n_candidates, x.answer_logprob, x.output_language, x.n_tokens,
    x.last_token,
    coalesce(r.settings->>'token', 'last') AS token, x.cluster, x.fold
FROM examples x JOIN runs r ON r.run = x.run JOIN run_languages l ON l.run = x.run AND l.language = x.language
WHERE x.run = $run AND x.example = $example AND list_contains($languages, x.language)
ORDER BY l.bit

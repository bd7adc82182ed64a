-- name: neuron-examples
-- title: Inputs that excite a neuron most
-- figure:
-- description: The inputs at whose last token a neuron is most active, strongest first.
-- parameters:
--   $run        run               The run: number, name or key; the last one where it is left out.
--   $layer      integer           The layer.
--   $neuron     integer           The neuron.
--   $languages  languages = all   Languages of the inputs.
-- columns:
--   rank        -      Rank by activation, from 1, over all languages.
--   example     index  Example, from 0.
--   id          -      Its id in the task's data.
--   language    -      Language of the input.
--   activation  -      Activation A at the last token.
--   prompt      -      What the model read.
--   prediction  -      What it answered, or NULL.
--   correct     -      Whether that is right, or NULL.
SELECT n.rank, n.example, x.id, n.language, n.activation, x.prompt, x.prediction, x.correct
FROM neuron_examples n
LEFT JOIN examples x ON x.run = n.run AND x.example = n.example AND x.language = n.language
WHERE n.run = $run AND n.layer = $layer AND n.neuron = $neuron AND list_contains($languages, n.language)
ORDER BY n.rank

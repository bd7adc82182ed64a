-- name: neuron-examples
-- title: Inputs with the highest activations of a neuron
-- figure:
-- description: Inputs with the highest activations of the neuron at their last token, highest first.
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $layer      integer           The layer.
--   $neuron     integer           The neuron.
--   $languages  languages = all   Languages of the inputs.
-- columns:
--   rank        -      Rank by activation, from 1, over all languages.
--   example     index  Example, from 0.
--   id          -      Id of the example in the task's data.
--   language    -      Language of the input.
--   activation  -      Activation A at the last token.
--   prompt      -      Input of the model.
--   prediction  -      The generated answer, or NULL.
--   correct     -      Whether the generated answer is right, or NULL.
SELECT n.rank, n.example, x.id, n.language, n.activation, x.prompt, x.prediction, x.correct
FROM neuron_examples n
LEFT JOIN examples x ON x.run = n.run AND x.example = n.example AND x.language = n.language
WHERE n.run = $run AND n.layer = $layer AND n.neuron = $neuron AND list_contains($languages, n.language)
ORDER BY n.rank

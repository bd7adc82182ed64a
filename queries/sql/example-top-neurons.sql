-- name: example-top-neurons
-- title: Top contributors in one example
-- figure:
-- description: The neurons with the largest contribution scores in one example, with their type in it.
-- shared: subset
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $example    integer           The example.
--   $languages  languages = all   Languages that define the types; all four types need at least three.
--   $language   language = NULL   Only the input in this language; NULL: all selected languages.
--   $layer      integer = NULL    Only this layer; NULL: all layers.
--   $limit      integer = 100     Maximum number of rows, largest contributions first.
-- columns:
--   language      -       Language of the input.
--   layer         index   Layer, from 0.
--   rank          -       Rank in its layer by contribution score, from 1.
--   neuron        index   Neuron, from 0.
--   type          -       Type in this example, over the selected languages.
--   contribution  %       Contribution score: the share of its layer's FFN output that the neuron writes (Eq. 9).
--   effect        logits  Effective score: what the neuron adds to the answer's logit (Eq. 10), or NULL.
SELECT n.language, n.layer, n.rank, n.neuron,
    CASE WHEN n.mask & s.mask = 0 THEN 'non-activated' WHEN n.mask & s.mask = s.mask THEN 'all-shared'
            WHEN bit_count(n.mask & s.mask) = 1 THEN 'specific' ELSE 'partial-shared' END::neuron_type AS type,
    100 * n.cs AS contribution, n.es AS effect
FROM top_neurons n, subset s
WHERE n.run = $run AND n.example = $example AND list_contains($languages, n.language)
    AND ($language IS NULL OR n.language = $language) AND ($layer IS NULL OR n.layer = $layer)
ORDER BY n.cs DESC, n.layer, n.neuron, n.language
LIMIT $limit

-- name: neurons-by-token
-- title: Neurons that promote or suppress a token
-- figure:
-- description: Neurons whose value vector raises or lowers the logits of tokens that contain a text, ignoring case.
--   Tokens equal to the text come first. Tokens are stored only for the neurons of each layer with the largest
--   contribution scores and the most persistent ones (--vocabulary-neurons), and for each the tokens with the largest
--   change.
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $text       text = NULL       The token or a part of it, without spaces around it; NULL: all tokens.
--   $direction  promotes|suppresses = promotes  Whether the logit is raised or lowered.
--   $limit      integer = 100     Maximum number of rows.
-- columns:
--   token   -       Token, as text.
--   layer   index   Layer, from 0.
--   neuron  index   Neuron, from 0.
--   rank    -       Rank of the token among those of the neuron, from 1.
--   logit   logits  Dot product of the token's output embedding with the value vector.
SELECT token, layer, neuron, rank, logit
FROM neuron_vocabulary
WHERE run = $run AND direction = $direction AND ($text IS NULL OR contains(lower(token), lower(trim($text))))
ORDER BY lower(trim(token)) IS DISTINCT FROM lower(trim($text)), abs(logit) DESC, layer, neuron, rank
LIMIT $limit

-- name: neuron-tokens
-- title: Tokens that a neuron promotes and suppresses
-- figure:
-- description: Tokens whose logits the neuron's value vector raises or lowers most when the neuron is active; no rows
--   if the run did not compute them for this neuron (--vocabulary-neurons).
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $layer      integer           The layer.
--   $neuron     integer           The neuron.
-- columns:
--   direction  -       promotes or suppresses.
--   rank       -       Rank, from 1.
--   token      -       Token, as text.
--   logit      logits  Dot product of the token's output embedding with the value vector.
SELECT direction, rank, token, logit
FROM neuron_vocabulary
WHERE run = $run AND layer = $layer AND neuron = $neuron
ORDER BY direction, rank

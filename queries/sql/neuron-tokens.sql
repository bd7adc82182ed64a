-- name: neuron-tokens
-- title: Tokens that a neuron raises and lowers
-- figure:
-- description: The tokens whose logits the neuron's value vector raises or lowers most when it is active.
-- parameters:
--   $run        run               The run: number, name or key; the last one where it is left out.
--   $layer      integer           The layer.
--   $neuron     integer           The neuron.
-- columns:
--   direction  -       promotes or suppresses.
--   rank       -       Rank, from 1.
--   token      -       The token, as text.
--   logit      logits  Dot product of its output embedding with the value vector.
SELECT direction, rank, token, logit
FROM neuron_vocabulary
WHERE run = $run AND layer = $layer AND neuron = $neuron
ORDER BY direction, rank

-- name: layers
-- title: Layers of a run
-- figure:
-- description: The measured FFN layers, and the number of pre-activations so close to the threshold that rounding
--   could change them from active to inactive or back.
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
-- columns:
--   layer        index    Layer, from 0, through all stacks.
--   stack        -        decoder or encoder.
--   position     index    Index of the layer in its stack, from 0.
--   n_neurons    neurons  Number of neurons of the layer.
--   n_near_zero  -        Pre-activations within the rounding error of the dtype around the threshold, or NULL.
--   near_zero    %        Their share of all neuron × input pairs.
SELECT l.layer, l.stack, l.position, l.n_neurons, l.n_near_zero,
    100 * l.n_near_zero / nullif(l.n_neurons::BIGINT * r.n_examples * len(r.languages), 0) AS near_zero
FROM layers l JOIN runs r USING (run)
WHERE l.run = $run
ORDER BY l.layer

-- name: p90-neurons
-- title: Language-specific neurons by activation probability (P90)
-- figure: beyond the paper: after Mondal et al. 2025, arXiv:2503.17456
-- description: Neurons whose probability of being active at a token exceeds the 90th percentile of the probabilities of
--   all neurons in one language, and of no other language. This is a reading of "Act Prob 90p": the paper counts how
--   often a neuron exceeds the 90th percentile of its own activations, which needs the activations themselves. The
--   percentile is the k-th smallest probability, k = 0.9 · neurons, rounded half to even.
-- shared: one_part, activity, p90
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages   languages = all  Languages to compare; at least two.
--   $sign        active|positive|negative = active  What counts: act(gate) above the threshold, or the weight's sign.
--   $half        both|first|second = both  Texts of a corpus: all, or one half.
--   $limit       integer = 100    Maximum number of neurons of each language.
-- columns:
--   language     -        The language.
--   rank         -        Rank in the language by probability, from 1.
--   layer        index    Layer, from 0.
--   neuron       index    Neuron, from 0.
--   probability  %        Probability of being active at a token of the language.
--   bar          %        90th percentile in the language.
--   n_selected   neurons  Number of selected neurons of the language.
SELECT s.language, row_number() OVER of_language AS rank, s.layer, s.neuron, 100 * s.p AS probability,
    100 * s.p90 AS bar, count(*) OVER (PARTITION BY s.language) AS n_selected
FROM p90_sets s JOIN run_languages l ON l.run = $run AND l.language = s.language
WINDOW of_language AS (PARTITION BY s.language ORDER BY s.p DESC, s.layer, s.neuron)
QUALIFY rank <= $limit
ORDER BY l.bit, rank

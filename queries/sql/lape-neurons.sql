-- name: lape-neurons
-- title: Language-specific neurons by entropy (LAPE)
-- figure: beyond the paper: LAPE, Tang et al. 2024, arXiv:2402.16438
-- description: Language activation probability entropy: each neuron's probability of being active at a token, in each
--   language, normalized over languages, and its entropy (natural logarithm). Neurons without a probability above the
--   first bar are left out. Of the others, those with the lowest entropy are language-specific, for the languages in
--   which their probability is above the second bar. A bar is a percentile of all probabilities: the k-th smallest,
--   k = percentile · number / 100, rounded half to even, as in the published code. There, both percentiles are 95; the
--   share is 1 % in the paper and 5 % in the code. Entropies that agree to nine decimals are ties, which go by layer
--   and neuron; the published order of ties is arbitrary. Fewer neurons are selected if fewer are above the first bar.
--   Without a bar, any probability above 0 counts: a neuron that is never active is left out in any case. The published
--   code counts act(gate) above 0; the sign of the weight of the value vector (act(gate) · up in a gated FFN) can be
--   counted in a corpus only.
-- shared: one_part, activity, lape
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages   languages = all  Languages to compare; at least two.
--   $sign        active|positive|negative = active  What counts: act(gate) above the threshold, or the weight's sign.
--   $half        both|first|second = both  Texts of a corpus: all, or one half.
--   $share       number = 1       Share of all neurons to select, in percent.
--   $percentile  number = 95      First bar: percentile that a probability of the neuron exceeds; 0: none.
--   $language_percentile  number = 95  Second bar: percentile exceeded in the languages of the neuron; 0: none.
-- columns:
--   layer        index    Layer, from 0.
--   neuron       index    Neuron, from 0.
--   entropy      nats     Entropy of the normalized probabilities; 0 means one language only.
--   languages    -        Languages for which it is specific, most probable first; NULL if none is above the bar.
--   probability  %        Largest probability of being active at a token.
--   bar          %        The first bar; NULL without one.
--   language_bar  %       The second bar; NULL without one.
--   n_selected   neurons  Number of selected neurons.
SELECT s.layer, s.neuron, s.entropy,
    list(a.language ORDER BY a.p DESC, a.language) FILTER (a.p > coalesce(s.language_bar, 0)) AS languages,
    100 * s.highest AS probability, 100 * s.bar AS bar, 100 * s.language_bar AS language_bar,
    count(*) OVER () AS n_selected
FROM lape_neurons s JOIN activity a USING (part, layer, neuron)
GROUP BY s.layer, s.neuron, s.entropy, s.highest, s.bar, s.language_bar
ORDER BY s.entropy, s.layer, s.neuron

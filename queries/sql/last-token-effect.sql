-- name: last-token-effect
-- title: Last token, language and example: what makes prompts differ
-- figure: beyond Figures 3 and 7
-- description: How much the last token of a prompt (the token at which activity is read) decides which neurons are
--   active, compared with its language and its example. The whole is the share of neurons that are active for only
--   one of two prompts that have nothing in common. Last token is the part of it by which two prompts of one
--   language differ less if their last tokens are equal; language, the part by which two prompts with different
--   last tokens differ less if their languages are equal; example, the same for two languages of one example;
--   rest, what depends on the individual prompt. A last token comes with the rest of its template, which its share
--   includes. If fewer than two languages have several last tokens, language and last token cannot be separated
--   and have one row. If all prompts have the same last token, or hardly two have, there is no row for it. From up
--   to 72 examples, chosen by a hash, and 64 neurons of each layer. 95 % interval: jackknife over folds of
--   examples, Student's t. p-value: 199 random permutations that give the last tokens of one example to another
--   one, in all languages together, within and between clusters. Empty if the masks were not stored.
-- shared: student, one_or_all_layers, prompt_pairs, last_token_effect, last_token_test, last_token_note
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages of the prompts; at least two.
--   $layer      integer = NULL    Only this layer; NULL: all layers.
-- columns:
--   component    -          last token, language, language or last token, example, or rest.
--   share        %          Share of the difference between two prompts that have nothing in common.
--   low          %          Lower end of its 95 % interval; NULL with fewer than two folds.
--   high         %          Upper end.
--   p_value      -          Probability of at least this effect of the last token under permutation; NULL for others.
--   whole        %          Neurons that are active for one of two such prompts only, share of all neurons.
--   n_examples   examples   Number of sampled examples.
--   n_languages  languages  Languages compared: if last tokens are separated, those with several of them.
--   note         -          What this means for sharing, where last tokens matter; otherwise NULL.
SELECT if(component = 'language' AND tied, 'language or last token', component) AS component,
    share, share - half AS low, share + half AS high, if(component = 'last token', p_value, NULL) AS p_value,
    100 * whole / n_neurons AS whole, n_examples, if(separable, n_varied, n_languages) AS n_languages, note
FROM token_shares, token_design, token_note, token_p, (SELECT whole FROM token_effects WHERE dropped IS NULL),
    (SELECT sum(least(64, n_neurons)) AS n_neurons FROM layers WHERE run = $run AND ($layer IS NULL OR layer = $layer))
ORDER BY list_position(['last token', 'language', 'example', 'rest'], token_shares.component)

-- name: average-precision-neurons
-- title: Language-specific neurons by average precision
-- figure: beyond the paper: Kojima et al. 2024, arXiv:2404.02431
-- description: Neurons that detect a language best by a high activation: average precision of their mean activation
--   over a passage of a corpus, of the language against all other languages of the run. Chance is the share of the
--   language in all passages. The paper also takes the neurons with the lowest average precision.
-- shared: one_part, precisions
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages   languages = all  Languages to list; average precision is against all languages of the run.
--   $half        both|first|second = both  Texts: all, or one half.
--   $limit       integer = 20     Maximum number of neurons of each language.
-- columns:
--   language   -      The language.
--   rank       -      Rank in the language, from 1.
--   layer      index  Layer, from 0.
--   neuron     index  Neuron, from 0.
--   precision  -      Average precision, 0 to 1.
--   chance     -      The same by chance: share of the language in the passages.
WITH passages AS (
    SELECT c.language, sum(c.n_passages) AS n, n / sum(n) OVER () AS chance
    FROM corpora c JOIN parts p USING (half)
    WHERE c.run = $run
    GROUP BY c.language
)
SELECT a.language, row_number() OVER of_language AS rank, a.layer, a.neuron, a.precision, p.chance
FROM precisions a JOIN run_languages l ON l.run = $run AND l.language = a.language
LEFT JOIN passages p ON p.language = a.language
WINDOW of_language AS (PARTITION BY a.language ORDER BY a.precision DESC, a.layer, a.neuron)
QUALIFY rank <= $limit
ORDER BY l.bit, rank

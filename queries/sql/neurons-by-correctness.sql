-- name: neurons-by-correctness
-- title: Neurons that are active with right answers and not with wrong ones
-- figure: beyond Section 5.2
-- description: The neurons whose activity differs most between inputs with right and with wrong answers. Shares are
--   compared within each language and then averaged over languages with Mantel-Haenszel weights, so that languages
--   with many right answers do not stand out by themselves. The first rows are the largest of very many differences:
--   test them on other examples. 95 % interval: jackknife over folds of examples, Student's t. Empty if the masks were
--   not stored or no selected language has both right and wrong answers.
-- shared: student
-- parameters:
--   $run        run                  The run: number, name or key. Default: the last run.
--   $languages  languages = all      Languages of the inputs.
--   $layer      integer = NULL       Only this layer; NULL: all layers.
--   $active     right|wrong = right  right: neurons more active with right answers first; wrong: the opposite.
--   $limit      integer = 100        Maximum number of rows.
-- columns:
--   layer         index   Layer, from 0.
--   neuron        index   Neuron, from 0.
--   active_right  %       Share of inputs with right answers in which it is active, averaged over languages.
--   active_wrong  %       Share of inputs with wrong answers in which it is active, averaged over languages.
--   difference    points  Right minus wrong.
--   low           points  Lower end of its 95 % interval; NULL with fewer than two folds.
--   high          points  Upper end.
--   n_right       inputs  Number of inputs with right answers, in languages that have both.
--   n_wrong       inputs  Number of inputs with wrong answers.
WITH answered AS (
    SELECT x.example, x.fold, l.bit, x.language, x.correct
    FROM examples x JOIN run_languages l ON l.run = x.run AND l.language = x.language
    WHERE x.run = $run AND list_contains($languages, x.language) AND x.correct IS NOT NULL
), sizes AS (
    SELECT s.language, f.fold, count_if(correct AND s.fold = f.fold)::DOUBLE AS n_right,
        count_if(NOT correct AND s.fold = f.fold)::DOUBLE AS n_wrong
    FROM answered s CROSS JOIN (SELECT DISTINCT fold FROM answered) f
    GROUP BY ALL
), kept AS (
    -- Inputs without each fold; fold NULL: all inputs.
    SELECT language, fold, sum(n_right) OVER whole - n_right AS n_right, sum(n_wrong) OVER whole - n_wrong AS n_wrong
    FROM sizes
    WINDOW whole AS (PARTITION BY language)
    UNION ALL
    SELECT language, NULL, sum(n_right), sum(n_wrong)
    FROM sizes
    GROUP BY language
), weights AS (
    -- What one active input adds to a share.
    SELECT language, fold, n_right, n_wrong, n_wrong / (n_right + n_wrong) / sum(size) OVER same AS w_right,
        n_right / (n_right + n_wrong) / sum(size) OVER same AS w_wrong
    FROM (SELECT *, n_right * n_wrong / (n_right + n_wrong) AS size FROM kept WHERE n_right > 0 AND n_wrong > 0)
    WINDOW same AS (PARTITION BY fold)
), active AS MATERIALIZED (
    SELECT a.layer, a.neuron, x.language, x.fold, count_if(x.correct AND a.mask >> x.bit & 1 = 1) AS k_right,
        count_if(NOT x.correct AND a.mask >> x.bit & 1 = 1) AS k_wrong
    FROM activations a JOIN answered x ON x.example = a.example
    WHERE a.run = $run AND ($layer IS NULL OR a.layer = $layer)
        AND x.language IN (SELECT language FROM weights WHERE fold IS NULL)
    GROUP BY ALL
), ranked AS (
    SELECT layer, neuron, 100 * sum(k_right * w_right) AS active_right, 100 * sum(k_wrong * w_wrong) AS active_wrong,
        active_right - active_wrong AS difference
    FROM active a JOIN weights w ON w.language = a.language AND w.fold IS NULL
    GROUP BY layer, neuron
    ORDER BY if($active = 'right', -1, 1) * round(difference, 9), layer, neuron
    LIMIT $limit
), left_out AS (
    SELECT a.layer, a.neuron, w.fold,
        100 * sum(if(a.fold = w.fold, 0, k_right * w_right - k_wrong * w_wrong)) AS without
    FROM ranked r JOIN active a ON a.layer = r.layer AND a.neuron = r.neuron
    JOIN weights w ON w.language = a.language AND w.fold IS NOT NULL
    GROUP BY a.layer, a.neuron, w.fold
), halves AS (
    SELECT layer, neuron, t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(without)) AS half
    FROM left_out, student
    GROUP BY layer, neuron, t
)
SELECT r.layer, r.neuron, active_right, active_wrong, difference, difference - half AS low, difference + half AS high,
    (SELECT sum(n_right)::BIGINT FROM weights WHERE fold IS NULL) AS n_right,
    (SELECT sum(n_wrong)::BIGINT FROM weights WHERE fold IS NULL) AS n_wrong
FROM ranked r LEFT JOIN halves h ON h.layer = r.layer AND h.neuron = r.neuron
ORDER BY if($active = 'right', -1, 1) * round(difference, 9), r.layer, r.neuron

-- name: detector-agreement
-- title: Agreement of detectors of language-specific neurons
-- figure: beyond the paper
-- description: For each language and two detectors: sizes of the sets that they select, neurons in both, and their
--   Jaccard index against chance. LAPE and P90 select as many neurons as pass (queries lape-neurons and p90-neurons);
--   average precision selects as many as LAPE in the same language. "specific": neurons that are specific to the
--   language in most examples of a parallel run of the same model (types_run). Average precision is against all
--   languages of the run, whatever languages are selected.
-- shared: one_part, activity, lape, p90, precisions, specific_sets, detector_sets, set_overlaps
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages   languages = all  Languages to compare; at least two.
--   $types_run   run = NULL       Parallel run of the same model whose specific neurons are compared; NULL: none.
--   $sign        active|positive|negative = active  What LAPE and P90 count: act(gate), or the weight's sign.
--   $half        both|first|second = both  Texts of a corpus: all, or one half.
--   $share       number = 1       LAPE: share of all neurons to select, in percent.
--   $percentile  number = 95      LAPE: first bar; 0: none.
--   $language_percentile  number = 95  LAPE: second bar; 0: none.
-- columns:
--   language   -        The language.
--   detector   -        One detector.
--   other      -        The other.
--   n          neurons  Size of the set of the one.
--   n_other    neurons  Size of the set of the other.
--   n_both     neurons  Number of neurons in both.
--   jaccard    %        Neurons in both, of those in either; NULL if both sets are empty.
--   by_chance  %        Mean of this for random sets of these sizes.
--   ratio      times    Jaccard index by that of chance.
SELECT o.language, o.detector, o.other, o.n, o.n_other, o.n_both, 100 * o.jaccard AS jaccard,
    100 * o.by_chance AS by_chance, o.jaccard / nullif(o.by_chance, 0) AS ratio
FROM set_overlaps o JOIN run_languages l ON l.run = $run AND l.language = o.language
ORDER BY o.place, o.other_place, l.bit

-- name: language-distances
-- title: Sharing and distance of each pair of languages
-- figure: beyond Section 5.3
-- description: Sharing of each pair of languages, in the units of sharing-lift, beside their distances. Family, branch
--   and script are 0 if both languages have the same, otherwise 1. The others are URIEL's, from 0 to 1, and need: pip
--   install 'neurontui[distances]'. Unknown distances are NULL, as are typological ones over fewer than ten features.
-- shared: one_or_all_layers, pairs, distances
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages that form the pairs.
--   $layer      integer = NULL    Only this layer; NULL: all layers.
-- columns:
--   language      -  One language.
--   other         -  The other one.
--   phi           -  Correlation of the two languages' activity over neurons, within layers; 0 is chance.
--   lift          -  Observed divided by expected number of neurons active in both; 1 is chance.
--   jaccard       %  Neurons active in both, share of those active in either.
--   family        -  0 for the same language family, otherwise 1.
--   branch        -  0 for the same branch of a family, otherwise 1.
--   script        -  0 for the same script, otherwise 1.
--   genetic       -  Angle between the vectors of family and all subgroups.
--   syntactic     -  Angle between the vectors of syntactic features (WALS, SSWL, Ethnologue).
--   phonological  -  Angle between the vectors of phonological features (WALS, Ethnologue, PHOIBLE).
--   inventory     -  Angle between the vectors of phonemes (PHOIBLE).
--   geographic    -  Angle between the vectors of distances to 299 places on the globe.
WITH kinds AS (
    SELECT bit, other_bit, map_from_entries(list((kind, distance))) AS of
    FROM distances
    GROUP BY bit, other_bit
)
SELECT language, other, phi, lift, 100 * jaccard AS jaccard, of['family'] AS family, of['branch'] AS branch,
    of['script'] AS script, of['genetic'] AS genetic, of['syntactic'] AS syntactic, of['phonological'] AS phonological,
    of['inventory'] AS inventory, of['geographic'] AS geographic
FROM pairs JOIN kinds USING (bit, other_bit)
WHERE fold IS NULL
ORDER BY bit, other_bit

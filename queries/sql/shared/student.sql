-- Student's t for 95 % intervals: t[d] for d degrees of freedom, the number of folds minus one.
student AS (
    SELECT [12.706205, 4.302653, 3.182446, 2.776445, 2.570582, 2.446912, 2.364624, 2.306004, 2.262157, 2.228139,
            2.200985, 2.178813, 2.160369, 2.144787, 2.131450, 2.119905, 2.109816, 2.100922, 2.093024] AS t
)

-- Coefficients for two-sided p-values of Student's t with up to 19 degrees of freedom, d. With h = atan(t / sqrt(d)),
-- the probability of a smaller |t| is 2/pi (h + sin h sum(odd[k] cos^(2k-1) h)), k = 1 to (d - 1) / 2, for odd d, and
-- sin h sum(even[k] cos^(2k-2) h), k = 1 to d / 2, for even d.
student_p AS (
    SELECT [1, 2 / 3, 8 / 15, 16 / 35, 128 / 315, 256 / 693, 1024 / 3003, 2048 / 6435, 32768 / 109395] AS odd,
        [1, 1 / 2, 3 / 8, 5 / 16, 35 / 128, 63 / 256, 231 / 1024, 429 / 2048, 6435 / 32768] AS even
)

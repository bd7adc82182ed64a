-- Student's t for 99.8 % intervals: so strict that all claims together keep 95 %.
strict_student AS (
    SELECT [318.308839, 22.327125, 10.214532, 7.173182, 5.893430, 5.207626, 4.785290, 4.500791, 4.296806,
            4.143700, 4.024701, 3.929633, 3.851982, 3.787390, 3.732834, 3.686155, 3.645767, 3.610485, 3.579400] AS strict
)

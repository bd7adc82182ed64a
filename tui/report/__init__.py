"""`neurontui report`: every figure and table of the paper for the runs of a results file.

    build      queries -> Report, a tree of sections, figures and tables that knows no format
    figures/   one function a figure or table: (results, run) -> Block
    plot       a figure -> SVG, through matplotlib, which is imported here alone
    markdown   Report -> Markdown;  html: Report -> one self-contained page

Text in a Report is as stored; each format escapes it where it writes it.
"""

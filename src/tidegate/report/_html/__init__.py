"""Pieces of the HTML report: the style, the parts of the page, and one module a picture."""

"""One module per file format; each opens an array as it is stored, nothing of its pixels read yet."""

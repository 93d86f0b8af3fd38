"""`python -m napari_dacapo` is the command `napari-dacapo`."""

from napari_dacapo.cli import main

if __name__ == "__main__":
    main()

"""`python -m command_center` is `siaga`: how `siaga run` starts its children with its own interpreter."""

import sys

from command_center.main import main

if __name__ == "__main__":
    sys.exit(main())

"""Install Azurite into this environment: `install_azurite.py SPEC`."""

import sys

from tidegate.lab.azurite_home import IN_ENVIRONMENT, install

if __name__ == "__main__":
    install(IN_ENVIRONMENT, sys.argv[1])

"""Where runs come from: the contract, and the sources that are built in."""

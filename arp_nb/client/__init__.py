"""The Python face for notebooks and scripts: `arp_nb.connect` gives a `Board`.

Plain HTTP and one WebSocket, over the manager's Unix socket or through a Jupyter server;
nothing here knows the store, a scheduler or a framework.
"""

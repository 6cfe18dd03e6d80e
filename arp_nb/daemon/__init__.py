"""The manager's process: what starts it, keeps it alive, and puts its parts together.

``python -m arp_nb.daemon run`` is the *supervisor*: small, standard library only. It holds
the store's lock and both listening sockets, starts the *manager process* with them, and
starts it again after a crash; a request that comes in between waits in the sockets' queues.
The manager process shares lock and sockets, so it also serves on without its supervisor.
"""

"""Where work is done: this process, processes of this machine, or the machines of others."""

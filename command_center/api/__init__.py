"""The HTTP and WebSocket interface: thin routes over the command center's parts, one error shape, one gate for all."""

"""The compiler: graphs of gates as OpenCL programs, on the devices of this computer."""

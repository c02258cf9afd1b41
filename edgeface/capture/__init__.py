"""The camera: sources of pictures, the process that reads one, and the shared memory its frames come through."""

// A header of the host's own, whose name the library has a folder for.
#pragma once
inline int host_reads() { return 1; }

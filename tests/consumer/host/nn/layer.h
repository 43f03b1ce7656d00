// Another one.
#pragma once
inline int host_layers() { return 2; }

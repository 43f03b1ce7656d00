// All that is left of the library where weight files are not built: its layers are templates.
#include "nn.h"

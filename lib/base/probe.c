#include "base/probe.h"

#ifdef WEIR_PROBES
void (*weir_probe_hook)(const char *name);
#else
typedef int weir_probe_none;
#endif

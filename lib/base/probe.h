/*
 * probe.h - named places where the crash tests stop a process.
 *
 * A probe costs nothing in a normal build. Built with -DWEIR_PROBES (`make
 * crash`), WEIR_PROBE("part.renamed") calls the hook that the test build's main
 * set up. Every step of the checkpoint protocol has one; tests/crash reads
 * their names from the sources.
 */
#ifndef WEIR_BASE_PROBE_H
#define WEIR_BASE_PROBE_H

#ifdef WEIR_PROBES
extern void (*weir_probe_hook)(const char *name);
#define WEIR_PROBE(name)                                                       \
	do {                                                                   \
		if (weir_probe_hook)                                           \
			weir_probe_hook(name);                                 \
	} while (0)
#else
#define WEIR_PROBE(name) ((void)0)
#endif

#endif

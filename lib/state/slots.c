#include "state/slots.h"

#include "base/mem.h"

#include <stdlib.h>

void
weir_slots_init(struct weir_slots *s, size_t size)
{
	/* calloc, so that big arrays are zeroed by the page, when touched */
	s->memory = weir_calloc(size + 1, sizeof *s->group);
	s->group =
	    (struct weir_group *)(((uintptr_t)s->memory + 63) & ~(uintptr_t)63);
	s->size = size;
}

void
weir_slots_fini(struct weir_slots *s)
{
	free(s->memory);
	*s = (struct weir_slots){0};
}

int
weir_slots_add(struct weir_slots *s, uint64_t hash, uint32_t index)
{
	size_t i = weir_slots_home(s, hash), n = 0;
	unsigned m;

	while ((m = weir_slots_match(&s->group[i], 0)) == 0) {
		if (++n > WEIR_SLOTS_CHAIN || n >= s->size)
			return 0;
		i = weir_slots_step(s, i, n);
	}
	m = (unsigned)__builtin_ctz(m);
	s->group[i].tag[m] = weir_slots_tag(hash);
	s->group[i].index[m] = index;
	i = weir_slots_home(s, hash);
	for (size_t k = 1; k <= n; k++) {
		s->group[i].passed++;
		i = weir_slots_step(s, i, k);
	}
	return 1;
}

#include "expr/zones.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define ZONES_MAX 64

struct weir_zones {
	size_t n;
	struct {
		char name[WEIR_ZONE_NAME];
		size_t len;
		struct weir_zone *zone;
	} v[ZONES_MAX];
};

struct weir_zones *
weir_zones_new(void)
{
	return weir_calloc(1, sizeof(struct weir_zones));
}

void
weir_zones_free(struct weir_zones *zones)
{
	size_t i;

	for (i = 0; zones != NULL && i < zones->n; i++)
		weir_zone_free(zones->v[i].zone);
	free(zones);
}

const struct weir_zone *
weir_zones_get(
    struct weir_zones *zones, struct weir_str name, struct weir_error *err)
{
	struct weir_zone *zone;
	size_t i;

	for (i = 0; i < zones->n; i++)
		if (zones->v[i].len == name.len &&
		    memcmp(zones->v[i].name, name.s, name.len) == 0)
			return zones->v[i].zone;
	zone = weir_zone_new(name.s, name.len, err);
	if (zone == NULL)
		return NULL;
	if (i == ZONES_MAX)
		weir_zone_free(zones->v[--i].zone);
	else
		zones->n++;
	memcpy(zones->v[i].name, name.s, name.len);
	zones->v[i].len = name.len;
	zones->v[i].zone = zone;
	return zone;
}

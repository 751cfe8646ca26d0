#include "event/retract.h"

#include "json/edit.h"

#include <string.h>

static const char says[] = ",\"" WEIR_RETRACT_FIELD "\":true}";

bool
weir_retract_any(const struct weir_event *ev, uint32_t n)
{
	uint32_t flags = 0;

	for (uint32_t i = 0; i < n; i++)
		flags |= ev[i].flags;
	return (flags & WEIR_RETRACT) != 0;
}

void
weir_retract_write(struct weir_buf *out, const char *text, size_t len)
{
	static const char key[] = "\"" WEIR_RETRACT_FIELD "\":";
	struct weir_edit edit = {.name = weir_str(WEIR_RETRACT_FIELD),
	    .key = weir_str(key),
	    .value = {.kind = WEIR_BOOL, .b = true}};
	struct weir_buf room = {0};
	size_t n = sizeof says - 1;

	/* Most often its writer said so already, and last. */
	if (len > n && memcmp(text + len - n, says, n) == 0) {
		weir_buf_add(out, text, len);
		return;
	}
	weir_json_edit(out, text, &edit, 1, &room);
	weir_buf_fini(&room);
}

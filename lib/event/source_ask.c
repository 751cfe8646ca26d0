/* What a source tells of itself. */
#include "event/source_in.h"

#include "base/text.h"

#include <string.h>
#include <time.h>

int
weir_source_fd(const struct weir_source *s, int *timeout_ms)
{
	*timeout_ms = -1;
	if (s->ended || s->turn)
		return -1;
	if (s->c.store != NULL)
		return s->c.store->fd(s->c.store->ctx);
	if (s->following && s->idle) {
		*timeout_ms = weir_follow_timeout(&s->w);
		if (s->new.fd >= 0 && *timeout_ms > WEIR_FOLLOW_TICK_MS)
			*timeout_ms = WEIR_FOLLOW_TICK_MS;
		return weir_notices_fd(s->w.notices);
	}
	return s->file.regular ? -1 : s->file.fd;
}

bool
weir_source_due(const struct weir_source *s)
{
	int timeout_ms;

	if (!s->following || !s->idle)
		return true;
	weir_source_fd(s, &timeout_ms);
	return timeout_ms == 0;
}

bool
weir_source_has(const struct weir_source *s, uint64_t dev, uint64_t ino)
{
	const struct weir_file *f = &s->file;

	for (size_t i = 0; f->fd < 0 || f->ino != ino || f->dev != dev; i++)
		if (i < s->queue.n)
			f = &s->queue.file[i];
		else if (i == s->queue.n)
			f = &s->new;
		else
			return false;
	return true;
}

const char *
weir_source_name(const struct weir_source *s)
{
	return s->file.path ? s->file.path : s->c.names[s->i];
}

const char *
weir_source_shown(const struct weir_source *s, char out[WEIR_SOURCE_SHOWN])
{
	const char *name = weir_source_name(s);

	return weir_show_into(out, WEIR_SOURCE_SHOWN, name, strlen(name));
}

int64_t
weir_source_time(const struct weir_source *s)
{
	if (s->file.mtime.tv_sec != 0)
		return s->file.mtime.tv_sec;
	return (int64_t)time(NULL);
}

bool
weir_source_regular(const struct weir_source *s)
{
	if (s->c.store != NULL)
		return s->c.store->ready(s->c.store->ctx);
	return s->turn || s->file.fd < 0 || s->file.regular || s->file.packed;
}

void
weir_source_progress(
    const struct weir_source *s, uint64_t *done, uint64_t *size)
{
	struct stat st;

	*done = s->read;
	*size = 0;
	if (s->c.n == 0 && fstat(s->c.fd, &st) == 0 && S_ISREG(st.st_mode))
		*size = (uint64_t)st.st_size;
	for (size_t i = 0; i < s->c.n; i++) {
		const char *name = s->c.names[i];
		int r = weir_source_is_stdin(name) ? fstat(0, &st)
						   : stat(name, &st);

		if (r < 0 || !S_ISREG(st.st_mode)) {
			*size = 0;
			return;
		}
		*size += (uint64_t)st.st_size;
	}
	/* What is read is not what the file holds. */
	if (s->file.packed)
		*size = 0;
	else if (*size > 0 && *size < *done)
		*size = *done;
}

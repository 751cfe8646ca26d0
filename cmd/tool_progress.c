#include "cmd/tool_progress.h"

#include "base/timetext.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Three digits and a letter: "1.23 G". */
static void
write_scaled(struct weir_buf *out, double n)
{
	static const char letters[] = " kMGTP";
	size_t i = 0;
	int digits;

	while (n >= 999.5 && i + 2 < sizeof letters) {
		n /= 1000;
		i++;
	}
	digits = i == 0 || n >= 99.95 ? 0 : n >= 9.995 ? 1 : 2;
	weir_buf_printf(out, "%.*f ", digits, n);
	if (i > 0)
		weir_buf_putc(out, letters[i]);
}

static void
write_rate(struct weir_buf *out, double n)
{
	write_scaled(out, n);
	if (out->data[out->len - 1] != ' ')
		weir_buf_putc(out, ' ');
	weir_buf_puts(out, "events/s");
}

void
progress_write(struct weir_buf *out, const char *tool, uint64_t done,
    uint64_t size, int64_t elapsed_ns, uint64_t events)
{
	double s = (double)elapsed_ns / 1e9, left;

	weir_buf_printf(out, "%s: ", tool);
	if (size > 0)
		weir_buf_printf(
		    out, "%.0f %%, ", 100.0 * (double)done / (double)size);
	write_scaled(out, (double)done);
	weir_buf_puts(out, "B");
	if (size > 0) {
		weir_buf_puts(out, " of ");
		write_scaled(out, (double)size);
		weir_buf_puts(out, "B");
	}
	if (s <= 0 || events == 0)
		return;
	weir_buf_puts(out, ", ");
	write_rate(out, (double)events / s);
	if (size == 0 || done == 0 || done > size)
		return;
	left = s * (double)(size - done) / (double)done;
	weir_buf_printf(out, ", %.0f s left", left);
}

static void
write_checkpoint(struct weir_buf *out, const struct weir_job_status *s)
{
	double ms = (double)s->took_ns / 1e6;

	weir_buf_printf(out, ", checkpoint %" PRIu64, s->committed);
	if (s->bytes == 0)
		return;
	weir_buf_puts(out, " (");
	write_scaled(out, (double)s->bytes);
	if (ms < 10000)
		weir_buf_printf(out, "B in %.0f ms)", ms);
	else
		weir_buf_printf(out, "B in %.1f s)", ms / 1000);
}

void
progress_job_write(
    struct weir_buf *out, const char *tool, const struct weir_job_status *s)
{
	char time[WEIR_TIME_TEXT + 2];

	weir_buf_printf(out, "%s: ", tool);
	write_rate(out, s->rate);
	if (s->behind == 0)
		weir_buf_puts(out, ", nothing behind");
	if (s->behind > 0 && s->behind != WEIR_BEHIND_UNKNOWN) {
		weir_buf_puts(out, ", ");
		write_scaled(out, (double)s->behind);
		weir_buf_puts(out, "B behind");
	}
	if (s->watermark != WEIR_TIME_NONE && s->watermark != WEIR_TIME_MAX)
		weir_buf_printf(out, ", watermark %.*s",
		    (int)weir_time_print(time, s->watermark), time);
	if (s->committed > 0)
		write_checkpoint(out, s);
	if (s->restarts > 0)
		weir_buf_printf(out, ", %u restart%s", s->restarts,
		    s->restarts == 1 ? "" : "s");
	if (s->ending)
		weir_buf_puts(out, ", ending");
}

bool
progress_terminal(void)
{
	const char *term = getenv("TERM");

	return isatty(2) && term != NULL && strcmp(term, "dumb") != 0;
}

void
progress_cut(struct weir_buf *line)
{
	struct winsize size;

	if (ioctl(2, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 &&
	    line->len >= size.ws_col)
		line->len = size.ws_col - 1u;
}

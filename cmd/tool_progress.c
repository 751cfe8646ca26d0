#include "cmd/tool_progress.h"

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
	write_scaled(out, (double)events / s);
	weir_buf_puts(out, "events/s");
	if (size == 0 || done == 0 || done > size)
		return;
	left = s * (double)(size - done) / (double)done;
	weir_buf_printf(out, ", %.0f s left", left);
}

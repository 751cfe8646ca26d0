#include "op/column.h"

#include "json/value.h"

char *
weir_column(struct weir_str name)
{
	struct weir_buf b = {0};

	weir_buf_putc(&b, ',');
	weir_json_string(&b, name.s, name.len);
	weir_buf_putc(&b, ':');
	return weir_buf_cstr(&b);
}

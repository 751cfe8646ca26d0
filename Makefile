# weir: stream processing for the Unix pipe.
# `make demo` shows the main job, `make check` runs the tests, `make help` the rest.

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
BUILD ?= build

CFLAGS ?= -O2 -g
WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wcast-qual -Wwrite-strings -Wvla -Wundef -Wformat=2
ALL_CFLAGS = -std=c11 -D_POSIX_C_SOURCE=200809L $(WARN) -ffp-contract=off \
	-fno-strict-aliasing -fvisibility=hidden -Ilib -I. -MMD -MP $(CFLAGS)
LIBS = -lyajl -llz4 -lpcre2-8 -lm

LIB_SRC := $(wildcard lib/*/*.c)
LIB_OBJ := $(LIB_SRC:%.c=$(BUILD)/%.o)
TOOLS := $(filter-out tool,$(notdir $(basename $(wildcard cmd/s*.c))))
UNIT := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*.c))

all: $(TOOLS:%=$(BUILD)/%)

$(BUILD)/libweir.a: $(LIB_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(CPPFLAGS) -c -o $@ $<

$(TOOLS:%=$(BUILD)/%): $(BUILD)/%: $(BUILD)/cmd/%.o $(BUILD)/cmd/tool.o $(BUILD)/libweir.a
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/unit/%: tests/unit/%.c $(BUILD)/libweir.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(CPPFLAGS) $(LDFLAGS) -o $@ $< $(BUILD)/libweir.a $(LIBS)

unit: $(UNIT)
	prove -e '' $(UNIT)

# Fuzz targets: $(BUILD)/fuzz/NAME is tests/fuzz/NAME.c under libFuzzer,
# $(BUILD)/fuzz-replay/NAME runs it over files without one (tests/fuzz/replay.c).
FUZZ := $(patsubst tests/fuzz/%.c,%,\
	$(filter-out %/replay.c,$(wildcard tests/fuzz/*.c)))
FUZZ_CC ?= clang
FUZZ_CFLAGS ?= -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_SECONDS ?= 60

$(BUILD)/fuzz-lib/%.o: %.c
	@mkdir -p $(@D)
	$(FUZZ_CC) $(ALL_CFLAGS) $(CPPFLAGS) $(FUZZ_CFLAGS) \
		-fsanitize=fuzzer-no-link -c -o $@ $<

$(BUILD)/fuzz-lib/libweir.a: $(LIB_SRC:%.c=$(BUILD)/fuzz-lib/%.o)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/fuzz/%: tests/fuzz/%.c $(BUILD)/fuzz-lib/libweir.a
	@mkdir -p $(@D)
	$(FUZZ_CC) $(ALL_CFLAGS) $(CPPFLAGS) $(FUZZ_CFLAGS) -fsanitize=fuzzer \
		$(LDFLAGS) -o $@ $< $(BUILD)/fuzz-lib/libweir.a $(LIBS)

$(BUILD)/fuzz-replay/%: tests/fuzz/%.c tests/fuzz/replay.c $(BUILD)/libweir.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(CPPFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

fuzz: $(FUZZ:%=$(BUILD)/fuzz/%)
	@for t in $(FUZZ); do \
		mkdir -p $(BUILD)/corpus/$$t tests/fuzz/corpus/$$t; \
		dict=; test -f tests/fuzz/$$t.dict && \
			dict=-dict=tests/fuzz/$$t.dict; \
		$(BUILD)/fuzz/$$t -max_total_time=$(FUZZ_SECONDS) $$dict \
			-artifact_prefix=$(BUILD)/corpus/$$t- \
			$(BUILD)/corpus/$$t tests/fuzz/corpus/$$t || exit; \
	done

fuzz-replay: $(FUZZ:%=$(BUILD)/fuzz-replay/%)
	@for t in $(FUZZ); do \
		echo "$$t:" && $(BUILD)/fuzz-replay/$$t tests/fuzz/corpus/$$t || \
			exit; \
	done

# Benches in C: $(BUILD)/bench/NAME is tests/bench/NAME.c.
$(BUILD)/bench/%: tests/bench/%.c $(BUILD)/libweir.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(CPPFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

clean:
	rm -rf $(BUILD)

-include $(LIB_OBJ:.o=.d) $(LIB_SRC:%.c=$(BUILD)/fuzz-lib/%.d) $(UNIT:=.d)
.PHONY: all unit clean fuzz fuzz-replay
.SECONDARY:

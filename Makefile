# weir: stream processing for the Unix pipe.
#
#   make          builds the tools and the library in build/
#   make demo     shows the main job on a real log (installs what is missing)
#   make check    runs the tests (installs what is missing)
#   make lint     layers, format, warnings, manual pages, shell scripts
#   make bench    measures against jq, Miller and DuckDB on the same file
#   make fuzz     fuzzes for FUZZ_SECONDS a target
#   make crash    CRASH_KILLS kills of jobs; make faults: failing calls
#   make power    what POWER_STATES power failures leave behind
#   make mutants  mistakes in the code that the tests must find
#   make model    searches all states of a model of the protocol, with spin
#   make soak     long inputs in every format, and thousands of rotations;
#                 soak-job: a job for SOAK_SECONDS
#   make sanitize, make memcheck  the tests under ASan and UBSan, valgrind
#   make install  to PREFIX (/usr/local), below DESTDIR; also uninstall, dist
#
# CFLAGS, CPPFLAGS and LDFLAGS are the user's own.

VERSION = 0.1.0
ABI = 0

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d
BUILD ?= build
INSTALL ?= install

CFLAGS ?= -O2 -g
HARDEN ?= -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
HARDEN_LD ?= -Wl,-z,relro,-z,now,-z,noexecstack
WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wcast-qual -Wwrite-strings -Wvla -Wundef -Wformat=2
ifeq ($(CI),true)
WARN += -Werror
endif
# -ffp-contract=off: digits must not depend on the machine.
ALL_CFLAGS = -std=c11 -D_POSIX_C_SOURCE=200809L -DWEIR_VERSION='"$(VERSION)"' \
	$(WARN) -ffp-contract=off -fno-strict-aliasing -fvisibility=hidden \
	-fPIC -Ilib -I. -MMD -MP $(HARDEN) $(CFLAGS)
ALL_LDFLAGS = $(HARDEN_LD) $(LDFLAGS)
# Only who has a sink in it needs sqlite3: the other tools start without it.
LIBS = -lyajl -llz4 -lpcre2-8 -lm -Wl,--as-needed -lsqlite3

LIB_SRC := $(sort $(wildcard lib/*/*.c))
LIB_OBJ := $(LIB_SRC:%.c=$(BUILD)/%.o)
TOOLS := $(sort $(notdir $(basename $(wildcard cmd/s*.c))))
BINS := $(TOOLS:%=$(BUILD)/%)
TOOL_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard cmd/tool*.c)))
MAN := $(sort $(wildcard man/*.[1-8]))
UNIT := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,\
	$(sort $(wildcard tests/unit/*.c)))
FUZZ := $(patsubst tests/fuzz/%.c,%,\
	$(filter-out %/replay.c,$(sort $(wildcard tests/fuzz/*.c))))
BENCH := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,\
	$(sort $(wildcard tests/bench/*.c)))
SHELLS = bash zsh fish
SOLIB = libweir.so.$(ABI).$(VERSION)

all: $(BINS) $(BUILD)/libweir.a $(BUILD)/libweir.so $(BUILD)/weir.pc \
	completions

# Tells what is missing for a build, and how to get it; quiet otherwise.
$(BUILD)/ready: tests/need.sh
	@sh tests/need.sh --tell build
	@mkdir -p $(@D)
	@touch $@

$(BUILD)/%.o: %.c Makefile | $(BUILD)/ready
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(CPPFLAGS) -c -o $@ $<

$(BUILD)/libweir.a: $(LIB_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

# Exports only what weir.h declares (WEIR_API), and holds only what that needs:
# sinks are scheckpoint's.
$(BUILD)/$(SOLIB): $(BUILD)/lib/stream/api.o $(BUILD)/libweir.a
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -shared \
		-Wl,-soname,libweir.so.$(ABI) -o $@ $^ $(LIBS)

$(BUILD)/libweir.so: $(BUILD)/$(SOLIB)
	ln -sf $(SOLIB) $(BUILD)/libweir.so.$(ABI)
	ln -sf libweir.so.$(ABI) $@

# Anew each time: PREFIX may be another.
.PHONY: $(BUILD)/weir.pc
$(BUILD)/weir.pc: lib/weir.pc.in
	@mkdir -p $(@D)
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
		-e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' \
		-e 's|@VERSION@|$(VERSION)|' $< >$@

$(BINS): $(BUILD)/%: $(BUILD)/cmd/%.o $(TOOL_OBJ) $(BUILD)/libweir.a
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) \
		$(BUILD)/libweir.a $(LIBS)

$(BUILD)/scheckpoint: $(patsubst %.c,$(BUILD)/%.o,\
	$(sort $(wildcard cmd/checkpoint_*.c)))

# --- completions, made from the option tables ---
COMPLETIONS := $(foreach s,$(SHELLS),\
	$(TOOLS:%=$(BUILD)/completions/$(s)/%))

completions: $(COMPLETIONS)

$(COMPLETIONS): $(BINS)
	@mkdir -p $(@D)
	$(BUILD)/$(@F) --complete=$(notdir $(@D:/=)) >$@

# --- tests ---
$(BUILD)/unit/%: tests/unit/%.c $(BUILD)/libweir.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(CPPFLAGS) $(ALL_LDFLAGS) -o $@ $< \
		$(BUILD)/libweir.a $(LIBS)

TESTS = $(UNIT) $(sort $(wildcard tests/*/*.bats tests/*/*.t))

check:
	@sh tests/need.sh build test
	@$(MAKE) --no-print-directory -s all units probes fuzz-replays \
		$(BUILD)/soak/peak $(BUILD)/fault.so
	@BUILD=$(BUILD) prove --timer -j 2 -e tests/exec $(TESTS)

units: $(UNIT)

unit: units
	prove -e '' $(UNIT)

# The tools with the crash tests' probes in them.
probes:
	@$(MAKE) --no-print-directory -s BUILD=$(BUILD)/probes \
		CPPFLAGS='$(CPPFLAGS) -DWEIR_PROBES' \
		$(TOOLS:%=$(BUILD)/probes/%) $(BUILD)/probes/crash \
		$(BUILD)/probes/power $(BUILD)/probes/power.so

$(BUILD)/crash: tests/crash/crash.c tests/crash/jobs.h tests/crash/feed.h \
		tests/crash/outs.h tests/crash/procs.h
	$(CC) $(ALL_CFLAGS) $(CPPFLAGS) $(ALL_LDFLAGS) -o $@ $<

# What a power failure leaves behind, and the recorder for it.
$(BUILD)/power: tests/power/power.c tests/power/world.c tests/power/world.h \
		tests/power/log.h tests/crash/jobs.h tests/crash/feed.h \
		tests/crash/outs.h
	$(CC) $(ALL_CFLAGS) $(CPPFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.c,$^)

$(BUILD)/power.so: tests/power/record.c tests/power/log.h
	$(CC) $(ALL_CFLAGS) $(CPPFLAGS) $(ALL_LDFLAGS) -shared \
		-fvisibility=default -o $@ $< -ldl

# One call of the system fails, in a process that has it preloaded.
$(BUILD)/fault.so: tests/faults/fault.c
	$(CC) $(ALL_CFLAGS) $(CPPFLAGS) $(ALL_LDFLAGS) -shared -fvisibility=default -o $@ $< -ldl

faults: all $(BUILD)/fault.so
	@BUILD=$(BUILD) bash tests/faults/faults.sh

# The same tests under AddressSanitizer and UBSan, and under valgrind.
SANITIZE = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all
sanitize:
	@ASAN_OPTIONS=verify_asan_link_order=0 \
		$(MAKE) --no-print-directory check BUILD=$(BUILD)/sanitize HARDEN= \
		CFLAGS='$(SANITIZE)'

memcheck:
	@sh tests/need.sh build test lint
	@$(MAKE) --no-print-directory -s all units
	@BUILD=$(BUILD) WEIR_MEMCHECK=1 prove --timer -j 2 -e tests/exec \
		$(UNIT) $(sort $(wildcard tests/cli/*.bats tests/pipe/*.bats))

$(BUILD)/soak/%: tests/soak/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(CPPFLAGS) $(ALL_LDFLAGS) -o $@ $<

SOAK_LINES ?= 1000000
SOAK_ROTATIONS ?= 3000
soak: all $(BUILD)/soak/peak
	@sh tests/need.sh build test
	@BUILD=$(BUILD) SOAK_LINES=$(SOAK_LINES) SOAK_ROTATIONS=$(SOAK_ROTATIONS) \
		prove --timer -v -e tests/exec tests/soak

# A job that goes on for an hour: is its memory flat?
soak-job: SOAK_SECONDS ?= 3600
soak-job: all
	@sh tests/need.sh build test
	@BUILD=$(BUILD) SOAK_SECONDS=$(SOAK_SECONDS) \
		prove --timer -v -e tests/exec tests/soak/job.t

CRASH_KILLS ?= 1000
crash: all probes
	@BUILD=$(BUILD) CRASH_KILLS=$(CRASH_KILLS) bash tests/crash/matrix.sh

POWER_STATES ?= 10000
power: all probes
	@BUILD=$(BUILD) POWER_STATES=$(POWER_STATES) bash tests/power/power.sh

# Each mistake of tests/mutants/list must be found by a test that it names.
mutants: all
	@BUILD=$(BUILD) bash tests/mutants/run.sh

model:
	@sh tests/need.sh build model
	@bash tests/model/run.sh

demo:
	@sh tests/need.sh build
	@$(MAKE) --no-print-directory -s all
	@BUILD=$(BUILD) bash tests/demo/demo.sh

lint:
	@sh tests/need.sh build test lint
	@BUILD=$(BUILD) bash tests/lint.sh

bench: all $(BENCH)
	@sh tests/need.sh build bench
	@BUILD=$(BUILD) bash tests/bench/run.sh

$(BUILD)/bench/%: tests/bench/%.c $(BUILD)/libweir.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(CPPFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# --- fuzzing: build/fuzz/NAME is tests/fuzz/NAME.c under libFuzzer,
# build/fuzz-replay/NAME runs it over files without one ---
FUZZ_CC ?= clang
FUZZ_CFLAGS ?= -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_SECONDS ?= 60

$(BUILD)/fuzz-lib/%.o: %.c Makefile
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
	$(CC) $(ALL_CFLAGS) $(CPPFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

fuzz: $(FUZZ:%=$(BUILD)/fuzz/%)
	@for t in $(FUZZ); do \
		mkdir -p $(BUILD)/corpus/$$t tests/fuzz/corpus/$$t; \
		dict=; test -f tests/fuzz/$$t.dict && \
			dict=-dict=tests/fuzz/$$t.dict; \
		$(BUILD)/fuzz/$$t -max_total_time=$(FUZZ_SECONDS) $$dict \
			-artifact_prefix=$(BUILD)/corpus/$$t- \
			$(BUILD)/corpus/$$t tests/fuzz/corpus/$$t || exit; \
	done

fuzz-replays: $(FUZZ:%=$(BUILD)/fuzz-replay/%)

# --- installing ---
install: all
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR)/pkgconfig \
		$(DESTDIR)$(INCLUDEDIR) $(DESTDIR)$(BASHDIR) \
		$(DESTDIR)$(ZSHDIR) $(DESTDIR)$(FISHDIR) \
		$(foreach s,1 3 5 7,$(DESTDIR)$(MANDIR)/man$(s))
	$(INSTALL) $(BINS) $(DESTDIR)$(BINDIR)
	$(INSTALL) -m 644 $(BUILD)/libweir.a $(DESTDIR)$(LIBDIR)
	$(INSTALL) $(BUILD)/$(SOLIB) $(DESTDIR)$(LIBDIR)
	ln -sf $(SOLIB) $(DESTDIR)$(LIBDIR)/libweir.so.$(ABI)
	ln -sf libweir.so.$(ABI) $(DESTDIR)$(LIBDIR)/libweir.so
	$(INSTALL) -m 644 $(BUILD)/weir.pc $(DESTDIR)$(LIBDIR)/pkgconfig
	$(INSTALL) -m 644 lib/weir.h $(DESTDIR)$(INCLUDEDIR)
	for p in $(MAN); do $(INSTALL) -m 644 $$p \
		$(DESTDIR)$(MANDIR)/man$${p##*.} || exit; done
	for t in $(TOOLS); do \
		$(INSTALL) -m 644 $(BUILD)/completions/bash/$$t \
			$(DESTDIR)$(BASHDIR)/$$t && \
		$(INSTALL) -m 644 $(BUILD)/completions/zsh/$$t \
			$(DESTDIR)$(ZSHDIR)/_$$t && \
		$(INSTALL) -m 644 $(BUILD)/completions/fish/$$t \
			$(DESTDIR)$(FISHDIR)/$$t.fish || exit; done

uninstall:
	for t in $(TOOLS); do rm -f $(DESTDIR)$(BINDIR)/$$t \
		$(DESTDIR)$(BASHDIR)/$$t $(DESTDIR)$(ZSHDIR)/_$$t \
		$(DESTDIR)$(FISHDIR)/$$t.fish; done
	for p in $(notdir $(MAN)); do \
		rm -f $(DESTDIR)$(MANDIR)/man$${p##*.}/$$p; done
	rm -f $(DESTDIR)$(LIBDIR)/libweir.a $(DESTDIR)$(LIBDIR)/$(SOLIB) \
		$(DESTDIR)$(LIBDIR)/libweir.so.$(ABI) \
		$(DESTDIR)$(LIBDIR)/libweir.so \
		$(DESTDIR)$(LIBDIR)/pkgconfig/weir.pc \
		$(DESTDIR)$(INCLUDEDIR)/weir.h

# The same tree gives the same bytes.
dist:
	@mkdir -p $(BUILD)
	git archive --format=tar --prefix=weir-$(VERSION)/ HEAD | \
		gzip -n9 >$(BUILD)/weir-$(VERSION).tar.gz

clean:
	rm -rf $(BUILD)

-include $(LIB_OBJ:.o=.d) $(wildcard $(BUILD)/cmd/*.d) \
	$(LIB_SRC:%.c=$(BUILD)/fuzz-lib/%.d) $(UNIT:=.d)
.PHONY: all completions check units unit probes sanitize memcheck \
	crash faults power mutants model soak soak-job demo lint bench fuzz \
	fuzz-replays install \
	uninstall dist clean
.SECONDARY:

# make bench: the numbers of tests/bench/README.md, printed and written to $(BUILD). Included by the top Makefile.
# The variables (BENCH_N, BENCH_RUNS, BENCH_PARTS, ...) are listed in that file, with their defaults in kit.py.

BENCH_PROGRAMS := $(BUILD)/bench/bench_open $(BUILD)/bench/readers

$(BUILD)/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(CC) $(STD) -D_GNU_SOURCE -O2 -g -MMD -MP -o $@ $<

$(BUILD)/bench/readers: tests/e2e/mount/readers.c
	@mkdir -p $(@D)
	$(CC) $(STD) -O2 -g -pthread -MMD -MP -o $@ $<

HOLD_SOURCES := tests/bench/bench_hold.c tests/sim/world.c tests/sim/script.c tests/sim/cloud.c

$(BUILD)/bench/bench_hold: $(HOLD_SOURCES) $(BUILD)/libdescribefs.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Itests $(STD) -O2 -g -o $@ $(HOLD_SOURCES) $(BUILD)/libdescribefs.a -lcmocka -lcjson -lcrypto

# How long the worst answers within the ceilings hold the loop: a line each, CPU time in ms.
bench-hold: $(BUILD)/bench/bench_hold
	$<

# The first line installs, so the rest is made by a make that sees it.
bench:
	tests/deps.sh build demo check
	tests/bench/deps.sh
	$(MAKE) bench-programs
	@env $(foreach v,$(filter BENCH_%,$(.VARIABLES)),$(if $(filter command% environment%,$(origin $(v))),'$(v)=$($(v))')) \
		BUILD=$(BUILD) tests/bench/bench.py

bench-programs: $(BUILD)/describefs $(BUILD)/describefs-emulator $(BENCH_PROGRAMS)

.PHONY: bench bench-programs bench-hold

-include $(wildcard $(BUILD)/bench/*.d)

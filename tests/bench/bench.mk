# make bench: measures the figures of tests/bench/README.md, prints them, and writes them to $(BUILD).
# Included by the top Makefile.
# The variables (BENCH_N, BENCH_RUNS, BENCH_PARTS, ...) are listed in that file, with their defaults in kit.py.

BENCH_PROGRAMS := $(BUILD)/bench/bench_open $(BUILD)/bench/readers

$(BUILD)/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(CC) $(STD) -D_GNU_SOURCE -O2 -g -MMD -MP -o $@ $<

$(BUILD)/bench/readers: tests/e2e/mount/readers.c
	@mkdir -p $(@D)
	$(CC) $(STD) -O2 -g -pthread -MMD -MP -o $@ $<

HOLD_OBJECTS := $(addprefix $(BUILD)/bench/hold/,bench/bench_hold.o sim/world.o sim/script.o sim/cloud.o)

$(BUILD)/bench/hold/%.o: tests/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Itests $(STD) -O2 -g -MMD -MP -c -o $@ $<

$(BUILD)/bench/bench_hold: $(HOLD_OBJECTS) $(BUILD)/libdescribefs.a
	$(CC) -o $@ $^ -lcmocka -lcjson -lcrypto

# For each of the worst answers within the ceilings: for how many ms of CPU time it holds the loop.
bench-hold: $(BUILD)/bench/bench_hold
	$<

# The first line installs packages; the make of the third line finds them.
bench:
	tests/deps.sh build demo check
	tests/bench/deps.sh
	$(MAKE) bench-programs
	@env $(foreach v,$(filter BENCH_%,$(.VARIABLES)),$(if $(filter command% environment%,$(origin $(v))),'$(v)=$($(v))')) \
		BUILD=$(BUILD) tests/bench/bench.py

bench-programs: $(BUILD)/describefs $(BUILD)/describefs-emulator $(BENCH_PROGRAMS)

.PHONY: bench bench-programs bench-hold

-include $(wildcard $(BUILD)/bench/*.d $(BUILD)/bench/hold/*/*.d)

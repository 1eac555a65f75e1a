# The harnesses, built twice: with gcc, to replay the corpus in `make check`, and with clang, to make it grow.

FUZZ := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_TESTS := $(FUZZ:%=$(BUILD)/tests/fuzz/fuzz_%)

# What a harness needs beside the sources: the engine's kit.
FUZZ_KIT_whole := $(patsubst tests/%.c,%,$(filter-out tests/sim/test_%,$(wildcard tests/sim/*.c)))
# Those whose inputs hold JSON, which is changed by its structure, too.
FUZZ_JSON := catalog credential_chain snapshot tencent baidu

# ---- replayed

FUZZ_SAN = $(CPPFLAGS) -Isrc -Itests $(STD) -O1 -g $(SAN) $(PKG_CFLAGS) -MMD -MP

$(BUILD)/tests/fuzz/%.o: tests/fuzz/%.c
	@mkdir -p $(@D)
	$(CC) $(FUZZ_SAN) -c -o $@ $<

define replayed
$(BUILD)/tests/fuzz/fuzz_$(1): $(FUZZ_KIT_$(1):%=$(BUILD)/tests/%.o)
endef
$(foreach name,$(FUZZ),$(eval $(call replayed,$(name))))

$(FUZZ_TESTS): $(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/tests/fuzz/fuzz.o $(BUILD)/tests/fuzz/replay.o \
		$(BUILD)/san/libprogram.a $(BUILD)/san/libdescribefs.a
	$(CC) $(SAN) -o $@ $(filter %.o,$^) $(BUILD)/san/libprogram.a $(BUILD)/san/libdescribefs.a -lcmocka $(PROGRAM_LIBS) $(CORE_LIBS)

# ---- grown

CLANG ?= clang
FUZZ_SECONDS := $(or $(SECONDS),60)
# Everything of ours is built once more with counters on its branches.
FUZZ_FLAGS = $(CPPFLAGS) -Isrc -Itests -std=c17 -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer $(PKG_CFLAGS) -MMD -MP

$(BUILD)/fuzz/src/%.o: src/%.c
	@mkdir -p $(@D)
	$(CLANG) $(FUZZ_FLAGS) -c -o $@ $<

$(BUILD)/fuzz/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(CLANG) $(FUZZ_FLAGS) -c -o $@ $<

$(BUILD)/fuzz/sources.a: $(patsubst %.c,$(BUILD)/fuzz/%.o,$(filter-out src/cli/main.c,$(PROGRAM_SOURCES) $(CORE_SOURCES))) \
		$(call catalog_objects,$(BUILD))
	rm -f $@ && $(AR) rcs $@ $^

define grown
$(BUILD)/fuzz/$(1): $(FUZZ_KIT_$(1):%=$(BUILD)/fuzz/tests/%.o) \
		$(if $(filter $(1),$(FUZZ_JSON)),$(BUILD)/fuzz/tests/fuzz/mutate.o)
endef
$(foreach name,$(FUZZ),$(eval $(call grown,$(name))))

$(FUZZ:%=$(BUILD)/fuzz/%): $(BUILD)/fuzz/%: $(BUILD)/fuzz/tests/fuzz/fuzz_%.o $(BUILD)/fuzz/tests/fuzz/fuzz.o \
		$(BUILD)/fuzz/sources.a
	$(CLANG) -fsanitize=fuzzer,address,undefined -o $@ $(filter %.o,$^) $(BUILD)/fuzz/sources.a -lcmocka $(PROGRAM_LIBS) $(CORE_LIBS)

fuzz-programs: $(FUZZ:%=$(BUILD)/fuzz/%)

# Each harness for SECONDS; what is new and found is in build/fuzz/, and is merged into the corpus by `make fuzz-merge`.
fuzz:
	tests/deps.sh build check fuzz
	$(MAKE) fuzz-programs
	tests/fuzz/grow.sh $(FUZZ_SECONDS) $(or $(HARNESS),$(FUZZ))

fuzz-merge: fuzz-programs
	tests/fuzz/merge.sh $(or $(HARNESS),$(FUZZ))

.PHONY: fuzz fuzz-merge fuzz-programs

-include $(wildcard $(BUILD)/fuzz/src/*/*.d $(BUILD)/fuzz/tests/*/*.d)

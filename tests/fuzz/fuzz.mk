# The harnesses, built twice: with gcc, to replay the corpus in `make check`, and with clang, to make it grow.

FUZZ := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_TESTS := $(FUZZ:%=$(BUILD)/tests/fuzz/fuzz_%)

# What a harness needs beside the library: sources of the edge, the engine's kit.
FUZZ_EDGE_config := config config_verb options_near config_source config_address address peer proxy config_file config_doctor config_number config_cacert options file file_trust file_way mounts
FUZZ_EDGE_keyring := keyring keyring_tencent keyring_tccli keyring_profiles keyring_baidu
FUZZ_KIT_whole := $(patsubst tests/%.c,%,$(filter-out tests/engine/test_%,$(wildcard tests/engine/*.c)))
# Those whose inputs hold JSON, which is changed by its structure, too.
FUZZ_JSON := catalog keyring snapshot tencent baidu

# ---- replayed

FUZZ_SAN = $(CPPFLAGS) -Itests $(STD) -O1 -g $(SAN) $(PKG_CFLAGS) -MMD -MP

$(BUILD)/tests/fuzz/%.o: tests/fuzz/%.c
	@mkdir -p $(@D)
	$(CC) $(FUZZ_SAN) -c -o $@ $<

define replayed
$(BUILD)/tests/fuzz/fuzz_$(1): $(FUZZ_EDGE_$(1):%=$(BUILD)/san/%.o) $(FUZZ_KIT_$(1):%=$(BUILD)/tests/%.o)
endef
$(foreach name,$(FUZZ),$(eval $(call replayed,$(name))))

$(FUZZ_TESTS): $(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/tests/fuzz/fuzz.o $(BUILD)/tests/fuzz/replay.o \
		$(BUILD)/san/libdescribefs.a
	$(CC) $(SAN) -o $@ $(filter %.o,$^) $(BUILD)/san/libdescribefs.a -lcmocka $(CORE_LIBS)

# ---- grown

CLANG ?= clang
FUZZ_SECONDS := $(or $(SECONDS),60)
# Everything of ours is built once more with counters on its branches.
FUZZ_FLAGS = $(CPPFLAGS) -Itests -std=c17 -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer $(PKG_CFLAGS) -MMD -MP

$(BUILD)/fuzz/src/%.o: src/%.c
	@mkdir -p $(@D)
	$(CLANG) $(FUZZ_FLAGS) -c -o $@ $<

$(BUILD)/fuzz/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(CLANG) $(FUZZ_FLAGS) -c -o $@ $<

$(BUILD)/fuzz/core.a: $(CORE_SOURCES:%.c=$(BUILD)/fuzz/%.o) $(call catalog_objects,$(BUILD))
	rm -f $@ && $(AR) rcs $@ $^

define grown
$(BUILD)/fuzz/$(1): $(FUZZ_EDGE_$(1):%=$(BUILD)/fuzz/src/%.o) $(FUZZ_KIT_$(1):%=$(BUILD)/fuzz/tests/%.o) \
		$(if $(filter $(1),$(FUZZ_JSON)),$(BUILD)/fuzz/tests/fuzz/mutate.o)
endef
$(foreach name,$(FUZZ),$(eval $(call grown,$(name))))

$(FUZZ:%=$(BUILD)/fuzz/%): $(BUILD)/fuzz/%: $(BUILD)/fuzz/tests/fuzz/fuzz_%.o $(BUILD)/fuzz/tests/fuzz/fuzz.o \
		$(BUILD)/fuzz/core.a
	$(CLANG) -fsanitize=fuzzer,address,undefined -o $@ $(filter %.o,$^) $(BUILD)/fuzz/core.a -lcmocka $(CORE_LIBS)

fuzz-programs: $(FUZZ:%=$(BUILD)/fuzz/%)

# Each harness for SECONDS; what is new and found is in build/fuzz/, and is merged into the corpus by `make fuzz-merge`.
fuzz:
	tests/deps.sh build check fuzz
	$(MAKE) fuzz-programs
	tests/fuzz/grow.sh $(FUZZ_SECONDS) $(or $(HARNESS),$(FUZZ))

fuzz-merge: fuzz-programs
	tests/fuzz/merge.sh $(or $(HARNESS),$(FUZZ))

.PHONY: fuzz fuzz-merge fuzz-programs

-include $(wildcard $(BUILD)/fuzz/src/*.d $(BUILD)/fuzz/tests/*/*.d)

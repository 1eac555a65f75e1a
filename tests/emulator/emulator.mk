# The cloud emulator that tests run against. Included by the top Makefile, or by itself:
#     make -f tests/emulator/emulator.mk build/describefs-emulator
# Uses CC, CFLAGS, LDFLAGS and BUILD. The same under ASan and UBSan: build/describefs-emulator-san.

CC ?= cc
CFLAGS ?= -O2 -g
BUILD ?= build

EMULATOR_DIR := tests/emulator
EMULATOR_SAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
EMULATOR_CFLAGS := -std=c17 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wwrite-strings -Wpointer-arith -Wvla -Wundef -Wformat=2
EMULATOR_LIBS := -lmicrohttpd -lgnutls -lcrypto -lz

EMULATOR_PURE := text jtext verify_util verify_tc3 verify_bce
EMULATOR_NAMES := $(EMULATOR_PURE) loop kinds store synth seed journal plan fault raw call server \
	tencent tencent_spec tencent_filter tencent_actions baidu lender control main

# .incbin is invisible to the compiler's dependency output: these are what fixtures.S reads.
EMULATOR_DATA := $(wildcard tests/fixtures/*.json $(EMULATOR_DIR)/templates/*.json)

$(BUILD)/describefs-emulator: $(EMULATOR_NAMES:%=$(BUILD)/emulator/%.o) $(BUILD)/emulator/fixtures.o
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(EMULATOR_LIBS)

$(BUILD)/describefs-emulator-san: $(EMULATOR_NAMES:%=$(BUILD)/emulator-san/%.o) \
		$(BUILD)/emulator/fixtures.o
	$(CC) $(EMULATOR_SAN) $(LDFLAGS) -o $@ $^ $(EMULATOR_LIBS)

$(BUILD)/emulator-test-verify: $(EMULATOR_PURE:%=$(BUILD)/emulator-san/%.o) \
		$(BUILD)/emulator-san/test_verify.o
	$(CC) $(EMULATOR_SAN) $(LDFLAGS) -o $@ $^ -lcmocka -lcrypto

$(BUILD)/emulator/%.o: $(EMULATOR_DIR)/%.c | $(BUILD)/emulator
	$(CC) $(EMULATOR_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/emulator-san/%.o: $(EMULATOR_DIR)/%.c | $(BUILD)/emulator-san
	$(CC) $(EMULATOR_CFLAGS) -O1 -g $(EMULATOR_SAN) -MMD -MP -c -o $@ $<

$(BUILD)/emulator/fixtures.o: $(EMULATOR_DIR)/fixtures.S $(EMULATOR_DATA) | $(BUILD)/emulator
	$(CC) -c -o $@ $<

$(BUILD)/emulator $(BUILD)/emulator-san:
	mkdir -p $@

# Signatures against the vectors, everything else over the wire, then the official SDKs.
.PHONY: check-emulator check-emulator-verify check-emulator-self check-emulator-sdk
check-emulator: check-emulator-verify check-emulator-self check-emulator-sdk

check-emulator-verify: $(BUILD)/emulator-test-verify
	$(BUILD)/emulator-test-verify tests/vectors

check-emulator-self: $(BUILD)/describefs-emulator-san
	tests/emulator/selftest.py $(BUILD)/describefs-emulator-san

check-emulator-sdk: $(BUILD)/describefs-emulator
	tests/e2e/cli/sdk/run.sh $(BUILD)

-include $(wildcard $(BUILD)/emulator/*.d $(BUILD)/emulator-san/*.d)

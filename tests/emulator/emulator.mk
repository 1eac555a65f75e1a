# The cloud emulator that tests run against. Included by the top Makefile, or by itself:
#     make -f tests/emulator/emulator.mk build/describefs-emulator
# Uses CC, CFLAGS and BUILD. With the sanitizers, for the emulator's own test:
#     make ... EMULATOR_SAN='-fsanitize=address,undefined' EMULATOR_OUT=build/emulator-san

CC ?= cc
CFLAGS ?= -O2 -g
BUILD ?= build
EMULATOR_SAN ?=
EMULATOR_DIR := tests/emulator
EMULATOR_OUT ?= $(BUILD)/emulator
EMULATOR_CFLAGS := -std=c17 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes
EMULATOR_LIBS := -lmicrohttpd -lgnutls -lcrypto

EMULATOR_NAMES := text jtext loop verify_util verify_tc3 verify_bce kinds store synth seed journal \
	plan fault raw call server tencent tencent_spec tencent_filter tencent_actions baidu control main
EMULATOR_OBJS := $(EMULATOR_NAMES:%=$(EMULATOR_OUT)/%.o) $(EMULATOR_OUT)/fixtures.o
EMULATOR_TEST_OBJS := $(patsubst %,$(EMULATOR_OUT)/%.o,text jtext verify_util verify_tc3 verify_bce \
	test_verify)

$(BUILD)/describefs-emulator: $(EMULATOR_OBJS)
	$(CC) $(CFLAGS) $(EMULATOR_SAN) $(LDFLAGS) -o $@ $^ $(EMULATOR_LIBS)

$(BUILD)/emulator-test-verify: $(EMULATOR_TEST_OBJS)
	$(CC) $(CFLAGS) $(EMULATOR_SAN) $(LDFLAGS) -o $@ $^ -lcmocka -lcrypto

$(EMULATOR_OUT)/%.o: $(EMULATOR_DIR)/%.c | $(EMULATOR_OUT)
	$(CC) $(EMULATOR_CFLAGS) $(CFLAGS) $(EMULATOR_SAN) -MMD -MP -c -o $@ $<

# .incbin is invisible to the compiler's dependency output: name what it reads.
$(EMULATOR_OUT)/fixtures.o: $(EMULATOR_DIR)/fixtures.S $(wildcard tests/fixtures/*.json) \
		$(wildcard $(EMULATOR_DIR)/templates/*.json) | $(EMULATOR_OUT)
	$(CC) -c -o $@ $<

$(EMULATOR_OUT):
	mkdir -p $@

# Signatures against the vectors, everything else over the wire, then the official SDKs.
.PHONY: check-emulator check-emulator-verify check-emulator-self check-emulator-sdk
check-emulator: check-emulator-verify check-emulator-self check-emulator-sdk

check-emulator-verify: $(BUILD)/emulator-test-verify
	$(BUILD)/emulator-test-verify tests/vectors

check-emulator-self: $(BUILD)/describefs-emulator
	tests/emulator/selftest.py $(BUILD)/describefs-emulator

check-emulator-sdk: $(BUILD)/describefs-emulator
	tests/contract/sdk/run.sh $(BUILD)

-include $(wildcard $(EMULATOR_OUT)/*.d)

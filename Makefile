# describefs - make help says what there is to make.
#
# Objects go to build/ (the program) and build/san/ (the same sources under ASan and UBSan, for the tests).
# A new source in a module's folder needs no edit here. CORE_MODULES make up the library (no FUSE, no curl, no clock),
# PROGRAM_MODULES the rest of the program; src/README.md says what each module does.

CC ?= cc
PREFIX ?= /usr/local
VERSION := 0.1.0
BUILD ?= build

CORE_MODULES := base json http catalog provider client render tree engine
PROGRAM_MODULES := sys net auth config source fuse cli
VERBS := config/config_doctor config/config_help cli/doctor_machine cli/doctor cli/progress cli/failure cli/path cli/glob cli/ls_verb cli/tree_verb cli/cli cli/refresh_verb cli/status_verb

PKGS := fuse3 libcurl libcjson openssl
PKG_CFLAGS = $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
FUSE_LIBS = $(shell pkg-config --libs fuse3 2>/dev/null)
PROGRAM_LIBS = $(FUSE_LIBS) $(shell pkg-config --libs libcurl 2>/dev/null)
CORE_LIBS := -lcjson -lcrypto

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings \
	-Wpointer-arith -Wvla -Wundef -Wformat=2
CFLAGS ?= -O2 -g
HARDEN := -fPIE -fstack-protector-strong -fstack-clash-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
# The tables for exceptions, which C has not, were 60 KiB of the program; debuggers read those that -g writes.
LEAN := -fno-asynchronous-unwind-tables
HARDEN_LINK := -pie -Wl,-z,relro,-z,now,-z,noexecstack
CPPFLAGS += -Iinclude -D_GNU_SOURCE -DDESCRIBEFS_VERSION='"$(VERSION)"'
STD := -std=c17 $(WARN) $(if $(DEVELOPER),-Werror)
SAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# As shared libraries the two ignore each other's log_path; a daemon's stderr is /dev/null, its reports would be lost.
SAN_LINK := -static-libasan -static-libubsan

CORE_SOURCES := $(wildcard $(CORE_MODULES:%=src/%/*.c))
PROGRAM_SOURCES := $(wildcard $(PROGRAM_MODULES:%=src/%/*.c))
CATALOGS := $(wildcard src/catalog/*.json)
# The core's tests, which link the library alone, and those of the modules around it.
UNIT_TESTS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard $(CORE_MODULES:%=tests/unit/%/test_*.c) tests/sim/test_*.c))

objects = $(patsubst src/%.c,$(1)/%.o,$(2))
catalog_objects = $(patsubst src/catalog/%.json,$(1)/catalog/%_json.o,$(CATALOGS))

all: $(BUILD)/describefs

help:
	@echo 'Build:'
	@echo '  make            build build/describefs'
	@echo '  make deps       install from Debian what is missing (DEPS="build demo check")'
	@echo '  make compile_commands.json  what clangd and other tools read'
	@echo '  make install    into $$(DESTDIR)$$(PREFIX), and mount.describefs into /sbin; make uninstall'
	@echo '  make deb, rpm   packages, into build/deb/ and build/rpm/'
	@echo '  make clean'
	@echo
	@echo 'Try:'
	@echo '  make demo       the emulator, a mount and a tour (KEEP=1 leaves it mounted)'
	@echo
	@echo 'Test:'
	@echo '  make check      install what is missing from Debian, then run every test'
	@echo '  make check-kernels  mounted tests under an older kernel of Debian (PACKAGE=, TESTS=)'
	@echo '  make fuzz       let each harness of tests/fuzz look for mistakes (SECONDS=60, HARNESS=json)'
	@echo '  make coverage   which lines the tests reach'
	@echo '  make valgrind   tests/unit, sim and net, and verbs, under memcheck'
	@echo '  make soak       many readers, faults and changes for MINUTES=30; then what it grew to (PROGRAM=plain)'
	@echo
	@echo 'Measure:'
	@echo '  make bench      the numbers, side by side in one run'
	@echo
	@echo 'More:'
	@echo '  make bench-hold  how long the worst answers hold the loop'
	@echo '  make fuzz-merge  put the smallest inputs of each branch into the corpus'
	@echo '  make check-emulator  the proofs of the emulator alone'
	@echo '  make soak-statuses  cat training/*/status over TASKS=20000, and the calls that it takes'

$(BUILD)/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(STD) $(CFLAGS) $(HARDEN) $(LEAN) $(PKG_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/san/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(STD) -O1 -g $(SAN) $(PKG_CFLAGS) -MMD -MP -c -o $@ $<

# A catalog becomes an object with the symbols catalog_NAME_json and catalog_NAME_json_end around its bytes.
define embed
printf '.section .rodata\n.global catalog_%s_json\n.global catalog_%s_json_end\ncatalog_%s_json:\n.incbin "%s"\ncatalog_%s_json_end:\n.byte 0\n.section .note.GNU-stack,"",%%progbits\n' \
	$* $* $* $< $* | $(CC) -x assembler -c -o $@ -
endef

$(BUILD)/catalog/%_json.o: src/catalog/%.json
	@mkdir -p $(@D)
	$(embed)

$(BUILD)/san/catalog/%_json.o: src/catalog/%.json
	@mkdir -p $(@D)
	$(embed)

$(BUILD)/libdescribefs.a: $(call objects,$(BUILD),$(CORE_SOURCES)) $(call catalog_objects,$(BUILD))
	rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/san/libdescribefs.a: $(call objects,$(BUILD)/san,$(CORE_SOURCES)) $(call catalog_objects,$(BUILD)/san)
	rm -f $@ && $(AR) rcs $@ $^

# The verbs lie behind all that a mount runs, so that the kernel brings none of their pages in beside its own.
$(BUILD)/describefs: $(call objects,$(BUILD),$(filter-out $(VERBS:%=src/%.c),$(PROGRAM_SOURCES))) \
		$(BUILD)/libdescribefs.a $(call objects,$(BUILD),$(VERBS:%=src/%.c))
	$(CC) $(CFLAGS) $(HARDEN_LINK) -o $@ $^ $(BUILD)/libdescribefs.a $(PROGRAM_LIBS) $(CORE_LIBS) $(LDFLAGS)

$(BUILD)/san/describefs: $(call objects,$(BUILD)/san,$(PROGRAM_SOURCES)) $(BUILD)/san/libdescribefs.a
	$(CC) $(SAN) $(SAN_LINK) -o $@ $^ $(PROGRAM_LIBS) $(CORE_LIBS) $(LDFLAGS)

# What tests of the program's modules link: of an archive the linker takes the objects that a test needs.
$(BUILD)/san/libprogram.a: $(call objects,$(BUILD)/san,$(filter-out src/cli/main.c,$(PROGRAM_SOURCES)))
	rm -f $@ && $(AR) rcs $@ $^

# tests/unit (of the core) and tests/sim: cmocka programs on the sanitized core, nothing else: the linker proves
# that the library needs no FUSE, no curl and no clock.
$(BUILD)/tests/%: tests/%.c $(BUILD)/san/libdescribefs.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Isrc -Itests $(STD) -O1 -g $(SAN) -MMD -MP -o $@ $< $(BUILD)/san/libdescribefs.a -lcmocka $(CORE_LIBS)

# The tests of tests/sim share a scripted world.
SIM_KIT := $(patsubst tests/%.c,$(BUILD)/tests/%.o,$(filter-out tests/sim/test_%,$(wildcard tests/sim/*.c)))

$(SIM_KIT): $(BUILD)/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Isrc -Itests $(STD) -O1 -g $(SAN) -MMD -MP -c -o $@ $<

$(filter $(BUILD)/tests/sim/%,$(UNIT_TESTS)): $(BUILD)/tests/%: tests/%.c $(SIM_KIT) \
		$(BUILD)/san/libdescribefs.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Isrc -Itests $(STD) -O1 -g $(SAN) -MMD -MP -o $@ $< $(SIM_KIT) $(BUILD)/san/libdescribefs.a -lcmocka $(CORE_LIBS)

include tests/emulator/emulator.mk
include tests/net/net.mk
include tests/bench/bench.mk
include tests/fuzz/fuzz.mk
include tests/coverage.mk
include tests/soak/soak.mk
include packaging/packaging.mk

compile_commands.json: FORCE
	@$(MAKE) --no-print-directory -Bn all $(UNIT_TESTS) $(PROGRAM_TESTS) $(FUZZ_TESTS) build/describefs-emulator CC='$(CC)' | \
		tests/compile_commands.py >$@.new && mv $@.new $@

deps:
	tests/deps.sh $(or $(DEPS),build demo check)

# Everything that the tests run, then the tests. The first line installs, so the rest is made by a make that sees it.
check:
	$(MAKE) deps
	$(MAKE) check-programs
	tests/run

check-kernels:
	$(MAKE) deps DEPS='build demo check kernels'
	$(MAKE) check-programs
	tests/kernels/boot $(or $(PACKAGE),linux-image-amd64) \
		"cd '$(CURDIR)' && /usr/bin/python3 -m pytest -v -rsx --color=no -p no:cacheprovider \
		$(or $(TESTS),$$(tr '\n' ' ' <tests/kernels/selected))"

check-programs: all $(BUILD)/san/describefs $(UNIT_TESTS) $(PROGRAM_TESTS) $(FUZZ_TESTS) build/describefs-emulator \
		build/emulator-test-verify build/describefs-emulator-san

demo:
	$(MAKE) deps DEPS='build demo'
	$(MAKE) all build/describefs-emulator
	tests/demo/demo.sh

clean:
	rm -rf $(BUILD)

.PHONY: all help deps check check-kernels check-programs demo clean
.SECONDARY:

-include $(wildcard $(BUILD)/*/*.d $(BUILD)/san/*/*.d $(BUILD)/tests/*/*.d $(BUILD)/tests/unit/*/*.d)

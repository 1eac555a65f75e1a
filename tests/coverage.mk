# Which lines of src/ the tests reach, and whether valgrind agrees with the sanitizers. Neither is a part of `make check`:
# the one takes a build of its own and the whole suite, the other ten times as long.

COVERAGE := build/coverage
# In both builds the tests' objects lie where the sanitized ones would.
COVERAGE_BUILD = BUILD=$(COVERAGE) SAN="-fprofile-arcs -ftest-coverage -fprofile-update=atomic" SAN_LINK=
VALGRIND_BUILD = BUILD=build/valgrind SAN="-fno-omit-frame-pointer" SAN_LINK=

coverage:
	tests/deps.sh build demo check
	$(MAKE) build/describefs-emulator build/emulator-test-verify
	$(MAKE) $(COVERAGE_BUILD) $(COVERAGE)/san/describefs coverage-programs
	tests/coverage.py $(COVERAGE) 90

valgrind:
	tests/deps.sh build demo check valgrind
	$(MAKE) build/describefs-emulator
	$(MAKE) $(VALGRIND_BUILD) build/valgrind/san/describefs coverage-programs
	tests/valgrind.sh build/valgrind

# Two of them speak with ASan.
coverage-programs: $(filter-out %/test_memory_bytes %/test_model,$(UNIT_TESTS)) $(PROGRAM_TESTS) $(FUZZ_TESTS)

.PHONY: coverage coverage-programs valgrind

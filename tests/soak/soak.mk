# make soak: fifty readers, random faults and random changes for MINUTES=30, then figures (tests/soak/soak.py).
# make soak-statuses: cat training/*/status over TASKS=20000, and the calls that it takes (tests/soak/statuses.py).
# PROGRAM=plain takes the program as it is installed, READERS= other than 50, SEED= another run of the dice.
# Included by the top Makefile.

MINUTES ?= 30
READERS ?= 50
PROGRAM ?= sanitized
SEED ?= 1
TASKS ?= 20000

soak:
	tests/deps.sh build demo
	$(MAKE) all $(BUILD)/san/describefs build/describefs-emulator
	@BUILD=$(BUILD) tests/soak/soak.py --minutes $(MINUTES) --readers $(READERS) --program $(PROGRAM) --seed $(SEED)

soak-statuses:
	tests/deps.sh build demo
	$(MAKE) all build/describefs-emulator
	@BUILD=$(BUILD) tests/soak/statuses.py --tasks $(TASKS)

.PHONY: soak soak-statuses

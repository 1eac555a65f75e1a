# make soak: fifty readers, random faults and random changes for MINUTES=30, then figures (tests/soak/soak.py).
# PROGRAM=plain takes the program as it is installed, READERS= other than 50, SEED= another run of the dice.
# Included by the top Makefile.

MINUTES ?= 30
READERS ?= 50
PROGRAM ?= sanitized
SEED ?= 1

soak:
	tests/deps.sh build demo
	$(MAKE) all $(BUILD)/san/describefs build/describefs-emulator
	@BUILD=$(BUILD) tests/soak/soak.py --minutes $(MINUTES) --readers $(READERS) --program $(PROGRAM) --seed $(SEED)

.PHONY: soak

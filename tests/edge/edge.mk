# Tests of the edge: the loop, HTTP against servers of the test's own, keys, the command line, the process.
# Each links the sanitized objects that it needs; included by the top Makefile.

EDGE_TESTS := $(patsubst tests/edge/%.c,$(BUILD)/tests/edge/%,$(wildcard tests/edge/test_*.c))

HTTP_OBJECTS := $(BUILD)/tests/edge/server.o $(BUILD)/tests/edge/web.o

$(addprefix $(BUILD)/tests/edge/,test_keyring test_keyring_chain): $(BUILD)/tests/edge/home.o

# The servers and certificates that the HTTP tests talk to.
$(BUILD)/tests/edge/%.o: tests/edge/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Isrc $(STD) -O1 -g $(SAN) $(PKG_CFLAGS) -pthread -MMD -MP -c -o $@ $<

$(addprefix $(BUILD)/tests/edge/,test_http test_http_life test_http_tls): $(HTTP_OBJECTS)

$(EDGE_TESTS): $(BUILD)/tests/edge/%: tests/edge/%.c $(BUILD)/san/libprogram.a $(BUILD)/san/libdescribefs.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Isrc $(STD) -O1 -g $(SAN) $(PKG_CFLAGS) -pthread -MMD -MP -o $@ $< $(filter %.o,$^) \
		$(BUILD)/san/libprogram.a $(BUILD)/san/libdescribefs.a -lcmocka $(PROGRAM_LIBS) $(CORE_LIBS)

edge: $(EDGE_TESTS)
	@for test in $^; do echo "== $$test"; ASAN_OPTIONS=halt_on_error=1 UBSAN_OPTIONS=halt_on_error=1 $$test || exit 1; done

.PHONY: edge

# Tests of the modules around the core: tests/net has the loop, and HTTP against servers of its own; tests/unit/MODULE
# has credentials, the command line, the process. Each links the sanitized objects that it needs; included by the top Makefile.

PROGRAM_TESTS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/net/test_*.c $(PROGRAM_MODULES:%=tests/unit/%/test_*.c)))

# A HOME of the test's own; the servers and certificates that the HTTP tests talk to.
HOME_OBJECT := $(BUILD)/tests/unit/auth/home.o
HTTP_OBJECTS := $(BUILD)/tests/net/server.o $(BUILD)/tests/net/web.o

$(HOME_OBJECT) $(HTTP_OBJECTS): $(BUILD)/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Isrc $(STD) -O1 -g $(SAN) $(PKG_CFLAGS) -pthread -MMD -MP -c -o $@ $<

$(filter $(BUILD)/tests/unit/auth/%,$(PROGRAM_TESTS)): $(HOME_OBJECT)
$(filter $(BUILD)/tests/net/test_http%,$(PROGRAM_TESTS)): $(HTTP_OBJECTS)

$(PROGRAM_TESTS): $(BUILD)/tests/%: tests/%.c $(BUILD)/san/libprogram.a $(BUILD)/san/libdescribefs.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Isrc $(STD) -O1 -g $(SAN) $(PKG_CFLAGS) -pthread -MMD -MP -o $@ $< $(filter %.o,$^) \
		$(BUILD)/san/libprogram.a $(BUILD)/san/libdescribefs.a -lcmocka $(PROGRAM_LIBS) $(CORE_LIBS)

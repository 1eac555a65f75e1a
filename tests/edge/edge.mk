# Tests of the edge: the loop, HTTP against servers of the test's own, keys, the command line, the process.
# Each links the sanitized objects of its module; included by the top Makefile.

EDGE_TESTS := $(patsubst tests/edge/%.c,$(BUILD)/tests/edge/%,$(wildcard tests/edge/test_*.c))

HTTP_OBJECTS := $(BUILD)/san/loop.o $(BUILD)/san/http.o $(BUILD)/san/transfer.o $(BUILD)/san/wiping.o $(addprefix $(BUILD)/san/,file.o file_trust.o file_way.o mounts.o) $(BUILD)/san/peer.o \
	$(BUILD)/tests/edge/server.o $(BUILD)/tests/edge/web.o

$(BUILD)/tests/edge/test_peer: $(BUILD)/san/peer.o
$(BUILD)/tests/edge/test_loop: $(BUILD)/san/loop.o
KEYRING_OBJECTS := $(addprefix $(BUILD)/san/,keyring.o keyring_tencent.o keyring_tccli.o keyring_profiles.o keyring_baidu.o)

$(addprefix $(BUILD)/tests/edge/,test_keyring test_keyring_chain): $(KEYRING_OBJECTS) $(BUILD)/san/file.o $(BUILD)/san/file_trust.o $(BUILD)/san/file_way.o $(BUILD)/san/mounts.o \
	$(BUILD)/tests/edge/home.o
$(BUILD)/tests/edge/test_config: $(addprefix $(BUILD)/san/,config.o config_verb.o options_near.o config_source.o config_address.o address.o peer.o proxy.o config_file.o config_doctor.o config_number.o config_cacert.o options.o file.o file_trust.o file_way.o mounts.o)
$(BUILD)/tests/edge/test_file: $(addprefix $(BUILD)/san/,file.o file_trust.o file_way.o mounts.o)
$(BUILD)/tests/edge/test_daemon: $(addprefix $(BUILD)/san/,daemon.o child.o mounting.o fusermount.o mounts.o output.o)

# The servers and certificates that the HTTP tests talk to.
$(BUILD)/tests/edge/%.o: tests/edge/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(STD) -O1 -g $(SAN) $(PKG_CFLAGS) -pthread -MMD -MP -c -o $@ $<

$(addprefix $(BUILD)/tests/edge/,test_http test_http_life test_http_tls): $(HTTP_OBJECTS)

$(EDGE_TESTS): $(BUILD)/tests/edge/%: tests/edge/%.c $(BUILD)/san/libdescribefs.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(STD) -O1 -g $(SAN) $(PKG_CFLAGS) -pthread -MMD -MP -o $@ $< $(filter %.o,$^) \
		$(BUILD)/san/libdescribefs.a -lcmocka -lcurl $(CORE_LIBS)

edge: $(EDGE_TESTS)
	@for test in $^; do echo "== $$test"; ASAN_OPTIONS=halt_on_error=1 UBSAN_OPTIONS=halt_on_error=1 $$test || exit 1; done

.PHONY: edge

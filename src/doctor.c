/*
 * doctor.c - the questions that a bug report would begin with, answered beforehand.
 *
 * Nothing here is signed with a key: the endpoint is asked a bare question, and its Date is all
 * that is wanted.
 */
#include "doctor.h"

#include "file.h"
#include "when.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CLOCK_OK_S = 60, CLOCK_BAD_S = 300 }; /* the clouds allow five minutes */

enum finding { FINDING_OK, FINDING_WARNING, FINDING_PROBLEM };

static int say(enum finding finding, const char *what, const char *text)
{
	static const char *const words[] = { "ok", "warning", "problem" };

	printf("%-8s %-12s %s\n", words[finding], what, text);
	return finding == FINDING_PROBLEM;
}

static int look_at_fuse(void)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	char text[256];

	if (fd < 0) {
		snprintf(text, sizeof(text), "/dev/fuse: %s; load the module (modprobe fuse), or in a "
			"container run it with --device /dev/fuse; ls, cat and tree work without",
			strerror(errno));
		return say(FINDING_PROBLEM, "fuse", text);
	}
	close(fd);
	return say(FINDING_OK, "fuse", "/dev/fuse can be opened");
}

static int look_at_fusermount(void)
{
	static const char *const places[] = { "/usr/bin/fusermount3", "/bin/fusermount3",
		"/usr/local/bin/fusermount3" };

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (!access(places[i], X_OK))
			return say(FINDING_OK, "fusermount3", places[i]);
	return say(geteuid() ? FINDING_PROBLEM : FINDING_WARNING, "fusermount3",
		"not found; install the package fuse3");
}

/*
 * What indexes the machine walks through every file system that it is not told to leave out: here each
 * walk would cost a call a resource.  There may be no such program.
 */
static int look_at_updatedb(void)
{
	static const char PATH[] = "/etc/updatedb.conf";
	struct buf why;
	size_t len;

	buf_init(&why, 1024);
	char *text = file_read(PATH, 64 << 10, &len, &why);
	const char *types = text ? strstr(text, "PRUNEFS") : NULL;
	char *end = types ? strchr(types, '\n') : NULL;
	if (end)
		*end = '\0';
	if (types && strstr(types, "fuse.describefs"))
		say(FINDING_OK, "updatedb", "leaves describefs alone");
	else if (text)
		say(FINDING_WARNING, "updatedb", "would walk through every mount: add fuse.describefs "
			"to PRUNEFS in /etc/updatedb.conf");
	free(text);
	buf_release(&why);
	return 0;
}

static int look_at_key(struct source *source, const struct catalog *catalog)
{
	struct origin key = { 0 };
	int64_t expires_s;
	struct buf text;

	buf_init(&text, 4096);
	bool found = source_try_key(source, catalog, &key, &expires_s, &text);
	if (found)
		buf_puts(&text, key.where);
	if (found && expires_s && buf_puts(&text, ", until "))
		when_format(&text, expires_s);
	int problem = say(found ? FINDING_OK : FINDING_PROBLEM, "key", text.data);
	origin_release(&key);
	buf_release(&text);
	return problem;
}

struct visit {
	struct loop *loop;
	enum fault fault;
	char detail[160];
	char date[40];
	int64_t server_s;
	bool dated;
};

static void note_visit(void *arg, struct response *response)
{
	struct visit *visit = arg;

	visit->fault = response->fault;
	memcpy(visit->detail, response->detail, sizeof(visit->detail));
	visit->dated = when_parse_http(response->date, &visit->server_s);
	loop_stop(visit->loop, 0);
}

static int look_at_clock(const struct visit *visit)
{
	int64_t off_s = visit->server_s - (int64_t)time(NULL);
	char text[128];

	if (!visit->dated)
		return say(FINDING_WARNING, "clock", "the answer had no Date to compare with");
	snprintf(text, sizeof(text), "the server's is %+" PRId64 " s from ours%s", off_s,
		llabs(off_s) > CLOCK_BAD_S ?
			"; signatures expire: set the clock (the mount corrects for it)" : "");
	return say(llabs(off_s) <= CLOCK_OK_S ? FINDING_OK : FINDING_WARNING, "clock", text);
}

static int look_at_endpoint(struct source *source, const char *endpoint)
{
	struct http_options options = { .cacert = source->config->cacert, .connect_timeout_ms = 3000 };
	struct visit visit = { .loop = loop_new() };
	struct request request;
	struct buf why;
	int problem = 0;

	buf_init(&why, 1024);
	struct http *http = visit.loop ? http_new(visit.loop, &options, &why) : NULL;
	if (!http) {
		problem = say(FINDING_PROBLEM, "network", why.data);
	} else {
		struct io io = http_io(http);
		request_init(&request);
		request.method = xstrdup("GET");
		request.base = xstrdup(endpoint);
		request.path = xstrdup("/");
		request.query = xstrdup("");
		request.timeout_ms = 5000;
		io.send(io.self, &request, NULL, note_visit, &visit);
		request_release(&request);
		loop_run(visit.loop);
		buf_printf(&why, "%s %s", endpoint, visit.fault ? visit.detail : "answers");
		problem = say(visit.fault ? FINDING_PROBLEM : FINDING_OK, "endpoint", why.data);
		if (!visit.fault)
			problem |= look_at_clock(&visit);
	}
	http_free(http);
	loop_free(visit.loop);
	buf_release(&why);
	return problem;
}

int doctor_run(struct source *source)
{
	const struct config *config = source->config;
	int problems = look_at_fuse() | look_at_fusermount() | look_at_updatedb();
	size_t looked = 0;

	for (size_t i = 0; i < source->catalogs.n; i++) {
		const struct catalog *catalog = source->catalogs.v[i];
		if (config->has_source && strcmp(catalog->name, config->source.catalog))
			continue;
		looked++;
		say(FINDING_OK, "catalog", catalog->name);
		problems |= look_at_key(source, catalog);
		problems |= look_at_endpoint(source, config->endpoint ? config->endpoint : catalog->endpoint);
	}
	if (!looked)
		problems |= say(FINDING_PROBLEM, "catalog", "there is no catalog of that name");
	fflush(stdout);
	return problems;
}

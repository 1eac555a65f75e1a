/*
 * main.c - describefs: /proc for the cloud.
 *
 * Reads the command line and goes one of three ways: a mount (in the background, unless -f), a verb
 * that walks the same tree without one, or a text.  Everything that the process owns hangs from a
 * struct source on main's stack, and each mistake is one line on stderr.
 */
#include "daemon.h"
#include "doctor.h"
#include "front_cli.h"
#include "front_fuse.h"
#include "guide.h"
#include "refresh_verb.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { LEAVE_MS = 5000 };

static int complain(const struct buf *why)
{
	fprintf(stderr, "describefs: %s\n", why->len ? why->data : "out of memory");
	return 1;
}

/* A mount that is being served. */
struct service {
	struct source *source;
	struct front *front; /* NULL until it is mounted */
	bool leaving;
};

static void stop_now(void *arg)
{
	loop_stop(arg, 0);
}

/*
 * Who has a file open reads it to its end: the mount leaves the tree, and the kernel tells us when the
 * last one has closed.  Whoever waits for the cloud is not waited for, nor is anybody for long.
 */
static void stop(void *arg, int number)
{
	struct service *service = arg;
	struct source *source = service->source;

	(void)number;
	const struct engine_stats stats = engine_stats(source->engine);
	if (service->leaving || !service->front || stats.waiting || stats.watching ||
			!daemon_detach_mount(source->config->mountpoint)) {
		loop_stop(source->loop, 0);
		return;
	}
	service->leaving = true;
	front_detached(service->front);
	loop_after(source->loop, LEAVE_MS, stop_now, source->loop);
}

/* Who waits for the mount: the parent, or in the foreground perhaps a service manager. */
struct readiness {
	int fd;
	const char *manager;
};

static void tell_ready(void *arg)
{
	struct readiness *readiness = arg;

	if (readiness->fd < 0)
		daemon_notify(readiness->manager);
	daemon_ready(readiness->fd);
	*readiness = (struct readiness){ .fd = -1 };
}

/* Everybody who comes from now on asks the cloud again. */
static void refresh_everything(void *arg, int number)
{
	const struct service *service = arg;

	(void)number;
	if (service->front && !service->leaving)
		front_refresh(service->front);
}

/* A terminal that is closed ends what runs in it; what has left its terminal is told to begin anew. */
static void catch_signals(struct service *service)
{
	const struct source *source = service->source;

	loop_signal(source->loop, SIGTERM, stop, service);
	loop_signal(source->loop, SIGINT, stop, service);
	if (source->config->foreground)
		loop_signal(source->loop, SIGHUP, stop, service);
	else
		loop_signal(source->loop, SIGHUP, refresh_everything, service);
}

/* From here to the unmount.  `fd` is where the parent waits, -1 in the foreground. */
static int serve(struct source *source, int fd, struct buf *why)
{
	struct readiness readiness = { fd, keyring_manager(source->keyring) };
	struct service service = { .source = source };

	if (!source_start(source, why)) {
		daemon_fail(fd, complain(why));
		return 1;
	}
	catch_signals(&service); /* before there is a mount that a signal could leave behind, dead */
	struct front *front = front_new(source->config, source->loop, tell_ready, &readiness, why);
	if (!front) {
		daemon_fail(fd, complain(why));
		return 1;
	}
	service.front = front;
	front_serve(front, source->engine, source->tree);
	int status = loop_run(source->loop);
	engine_free(source->engine); /* answers whoever still waits */
	source->engine = NULL;
	front_free(front);
	return status;
}

static int mount_source(struct source *source, struct buf *why)
{
	const struct config *config = source->config;
	int fd = -1;

	if (!source_prepare(source, why) || !daemon_mountpoint(config->mountpoint, why))
		return complain(why);
	if (!config->foreground && (fd = daemon_detach(config->mountpoint)) < 0) {
		buf_puts(why, "cannot go into the background");
		return complain(why);
	}
	return serve(source, fd, why);
}

static int show_kinds(struct source *source, struct buf *why)
{
	const struct config *config = source->config;
	struct buf text;
	size_t shown = 0;

	buf_init(&text, SIZE_MAX);
	for (size_t i = 0; i < source->catalogs.n; i++) {
		const struct catalog *catalog = source->catalogs.v[i];
		if (config->has_source && strcmp(catalog->name, config->source.catalog))
			continue;
		guide_kinds(&text, catalog);
		shown++;
	}
	bool whole = !text.full;
	if (whole)
		fputs(text.data, stdout);
	buf_release(&text);
	if (!whole)
		return complain(why);
	if (shown)
		return fflush(stdout) ? 1 : 0;
	buf_printf(why, "%s: no such catalog", config->source.catalog);
	return complain(why);
}

static int run_verb(struct source *source, struct buf *why)
{
	if (!source_load_catalogs(source, why))
		return complain(why);
	switch (source->config->verb) {
	case VERB_MOUNT:
		return mount_source(source, why);
	case VERB_KINDS:
		return show_kinds(source, why);
	case VERB_DOCTOR:
		return doctor_run(source);
	default:
		if (!source_prepare(source, why) || !source_start(source, why))
			return complain(why);
		return cli_run(source);
	}
}

static int run(const struct config *config, struct buf *why)
{
	struct source source;

	if (config->verb == VERB_HELP)
		return fputs(config_help(), stdout) < 0;
	if (config->verb == VERB_VERSION)
		return puts("describefs " DESCRIBEFS_VERSION) < 0;
	if (config->verb == VERB_REFRESH)
		return refresh_run(&config->paths);
	daemon_harden();
	source_init(&source, config);
	int status = run_verb(&source, why);
	source_release(&source);
	return status;
}

int main(int argc, char *argv[])
{
	struct config config;
	struct buf why;

	buf_init(&why, 4096);
	int status = config_parse(&config, argc, argv, &why);
	if (status)
		fprintf(stderr, "describefs: %s\n", why.data);
	else
		status = run(&config, &why);
	config_release(&config);
	buf_release(&why);
	return status;
}

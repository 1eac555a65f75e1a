/*
 * main.c - describefs: /proc for the cloud.
 *
 * Reads the command line and goes one of three ways: a mount (in the background, unless -f), a verb
 * that walks the same tree without one, or a text.  Everything that the process owns hangs from a
 * struct sources on main's stack, and each mistake is one line on stderr.
 */
#include "daemon.h"
#include "doctor.h"
#include "front_cli.h"
#include "front_fuse.h"
#include "guide.h"
#include "output.h"
#include "refresh_verb.h"
#include "status_verb.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { LEAVE_MS = 5000 };

static int complain(const struct buf *why)
{
	output_complain(why->len ? why->data : "out of memory");
	return 1;
}

/* A mount that is being served. */
struct service {
	struct sources *sources;
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
	const struct setting *setting = &service->sources->setting;

	(void)number;
	if (service->leaving || !service->front || sources_are_waited_for(service->sources) ||
			!daemon_detach_mount(setting->config->mountpoint)) {
		loop_stop(setting->loop, 0);
		return;
	}
	service->leaving = true;
	front_detached(service->front);
	loop_after(setting->loop, LEAVE_MS, stop_now, setting->loop);
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

/*
 * A terminal that is closed ends what runs in it; what has left its terminal, or never had one because a
 * service manager started it, is told to begin anew.
 */
static void catch_signals(struct service *service)
{
	const struct setting *setting = &service->sources->setting;

	loop_signal(setting->loop, SIGTERM, stop, service);
	loop_signal(setting->loop, SIGINT, stop, service);
	if (setting->config->foreground && !keyring_manager(setting->keyring))
		loop_signal(setting->loop, SIGHUP, stop, service);
	else
		loop_signal(setting->loop, SIGHUP, refresh_everything, service);
}

/* From here to the unmount.  `fd` is where the parent waits, -1 in the foreground. */
static int serve(struct sources *sources, int fd, struct buf *why)
{
	const struct setting *setting = &sources->setting;
	struct readiness readiness = { fd, keyring_manager(setting->keyring) };
	struct service service = { .sources = sources };

	if (!sources_start(sources, why)) {
		daemon_fail(fd, complain(why));
		return 1;
	}
	catch_signals(&service); /* before there is a mount that a signal could leave behind, dead */
	struct front *front = front_new(setting->config, setting->loop, tell_ready, &readiness, why);
	if (!front) {
		daemon_fail(fd, complain(why));
		return 1;
	}
	service.front = front;
	front_serve(front, sources);
	int status = loop_run(setting->loop);
	sources_stop(sources); /* answers whoever still waits */
	front_free(front);
	return status;
}

static int mount_sources(struct sources *sources, struct buf *why)
{
	const struct config *config = sources->setting.config;
	int fd = -1;

	if (!sources_prepare(sources, why) || !daemon_mountpoint(config->mountpoint, why))
		return complain(why);
	if (!config->foreground && (fd = daemon_detach(config->mountpoint)) < 0) {
		buf_puts(why, "cannot go into the background");
		return complain(why);
	}
	return serve(sources, fd, why);
}

static const struct catalog *catalog_of(const struct setting *setting, const struct source_name *name,
	struct buf *why)
{
	const struct catalog *catalog = catalogs_find(&setting->catalogs, name->catalog);

	if (!catalog) {
		catalogs_refuse(&setting->catalogs, name->catalog, why);
		config_add_near_verb(name->catalog, why);
	} else if (name->region && !catalog->region) {
		buf_printf(why, "%s: %s has no regions", name->written, name->catalog);
		return NULL;
	}
	return catalog;
}

static int show_kinds(const struct setting *setting, struct buf *why)
{
	const struct config *config = setting->config;
	struct output output = { 0 };
	struct buf text;

	buf_init(&text, SIZE_MAX);
	for (size_t i = 0; i < config->n_sources; i++) {
		const struct catalog *catalog = catalog_of(setting, &config->sources[i], why);
		if (catalog)
			guide_kinds(&text, catalog);
		if (!catalog)
			break;
	}
	for (size_t i = 0; !config->n_sources && i < setting->catalogs.n; i++)
		guide_kinds(&text, setting->catalogs.v[i]);
	bool whole = !text.full && !why->len;
	if (whole)
		output_take(&output, &text);
	buf_release(&text);
	return whole ? output_end(&output, 0) : complain(why);
}

static int run_verb(struct sources *sources, struct buf *why)
{
	if (!sources_load_catalogs(sources, why))
		return complain(why);
	switch (sources->setting.config->verb) {
	case VERB_MOUNT:
		return mount_sources(sources, why);
	case VERB_KINDS:
		return show_kinds(&sources->setting, why);
	case VERB_DOCTOR:
		return doctor_run(sources);
	default:
		if (!sources_prepare(sources, why) || !sources_start(sources, why))
			return complain(why);
		return cli_run(sources);
	}
}

/* Takes the keyring. */
static int run(const struct config *config, struct keyring *keyring, struct buf *why)
{
	struct sources sources;

	sources_init(&sources, config, keyring);
	int status = run_verb(&sources, why);
	sources_release(&sources);
	return status;
}

static int show(const char *text)
{
	struct output output = { 0 };

	output_puts(&output, text);
	return output_end(&output, 0);
}

/* What needs no source; -1: this does. */
static int run_alone(const struct config *config)
{
	switch (config->verb) {
	case VERB_HELP:
		return show(config_help());
	case VERB_VERSION:
		return show("describefs " DESCRIBEFS_VERSION "\n");
	case VERB_REFRESH:
		return refresh_run(&config->paths);
	case VERB_STATUS:
		return status_run();
	default:
		return -1;
	}
}

int main(int argc, char *argv[])
{
	daemon_harden();
	struct keyring *keyring = keyring_new();
	struct config_places places = { .machine = "/etc/describefs/config", .home = keyring_home(keyring),
		.invoker = keyring_invoker(keyring) };
	struct config config;
	struct buf why, path;

	buf_init(&why, 4096);
	buf_init(&path, 4096);
	if (keyring_config(keyring, "config", &path))
		places.user = path.data;
	int status = config_parse(&config, argc, argv, &places, &why);
	if (status) {
		output_complain(why.data);
	} else if ((status = run_alone(&config)) < 0) {
		status = run(&config, keyring, &why);
		keyring = NULL;
	}
	keyring_free(keyring);
	config_release(&config);
	buf_release(&path);
	buf_release(&why);
	return status;
}

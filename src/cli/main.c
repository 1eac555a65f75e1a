/*
 * main.c - describefs: a cloud account as a file system.
 *
 * Parses the command line, then mounts (in the background, unless -f), or runs a verb on the same tree
 * without a mount, or prints a text. A struct sources on main's stack owns everything; each error is one
 * line on stderr.
 */
#include "doctor.h"
#include "cli.h"
#include "fuse/front.h"
#include "net/hiding.h"
#include "refresh_verb.h"
#include "status_verb.h"
#include "sys/daemon.h"
#include "sys/mounting.h"
#include "sys/output.h"
#include "catalog/catalog_help.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEAVE_MS = 5000 };

static int print_error(const struct buf *why)
{
	output_complain(why->len ? why->data : "out of memory");
	return 1;
}

/* A mount that is being served. Invariant: `fd` and `manager` are -1 once they were told. */
struct service {
	struct sources *sources;
	const char *place;
	struct front *front; /* NULL: not mounted yet */
	struct timer *greeting; /* fails the mount if the kernel sends no request; NULL after the first */
	int fd; /* the parent's socket; -1: in the foreground */
	int manager; /* the service manager's socket, in the foreground */
	bool leaving; /* detached; waits for open files to close */
};

static void loop_end(void *arg)
{
	loop_stop(arg, 0);
}

/*
 * Detaches the mount, so that processes with open files can read them to the end; the kernel ends the session
 * after the last close. Ends at once if a request waits for the cloud, and after LEAVE_MS in any case.
 */
static void service_stop(void *arg, int number)
{
	struct service *service = arg;
	const struct setting *setting = &service->sources->setting;

	(void)number;
	if (service->leaving || !service->front || sources_are_waited_for(service->sources) ||
		!front_detach(service->front)) {
		loop_stop(setting->loop, 0);
		return;
	}
	service->leaving = true;
	loop_timer_start(setting->loop, LEAVE_MS, loop_end, setting->loop);
}

static void service_fail(struct service *service, const char *problem)
{
	struct loop *loop = service->sources->setting.loop;
	struct buf why;

	loop_timer_stop(loop, service->greeting);
	service->greeting = NULL;
	buf_init(&why, SIZE_MAX);
	buf_printf(&why, "cannot mount on %s: %s", service->place, problem);
	daemon_fail(service->fd, print_error(&why));
	buf_release(&why);
	service->fd = -1;
	loop_stop(loop, 1);
}

static void service_time_out(void *arg)
{
	struct service *service = arg;
	char problem[80];

	service->greeting = NULL;
	snprintf(problem, sizeof(problem), "the kernel sent no request within %d s", MOUNTING_S);
	service_fail(service, problem);
}

/* Reports that the mount works: to the parent, or in the foreground to a service manager. */
static void service_ready(void *arg, int error)
{
	struct service *service = arg;

	if (error) {
		service_fail(service, strerror(error));
		return;
	}
	loop_timer_stop(service->sources->setting.loop, service->greeting);
	service->greeting = NULL;
	daemon_notify(service->manager);
	service->manager = -1;
	daemon_ready(service->fd);
	service->fd = -1;
}

/* All requests from now on ask the cloud again. */
static void refresh_everything(void *arg, int number)
{
	const struct service *service = arg;

	(void)number;
	if (service->front && !service->leaving)
		front_refresh(service->front);
}

/* SIGHUP ends a process in the foreground of a terminal; for a daemon or a service it means refresh. */
static void catch_signals(struct service *service)
{
	const struct setting *setting = &service->sources->setting;

	loop_signal(setting->loop, SIGTERM, service_stop, service);
	loop_signal(setting->loop, SIGINT, service_stop, service);
	if (setting->config->foreground && !credential_chain_manager(setting->credential_chain))
		loop_signal(setting->loop, SIGHUP, service_stop, service);
	else
		loop_signal(setting->loop, SIGHUP, refresh_everything, service);
	/* the kernel's timeouts stood still while the machine slept */
	loop_resume(setting->loop, refresh_everything, service);
}

/*
 * Files that are read again during the mount may lie below the mount point. Only then is the directory held
 * open: its file system cannot be unmounted meanwhile. Returns false if a library reads files there, which
 * cannot be redirected.
 */
static bool prepare_cover(struct sources *sources, const char *place, struct buf *why)
{
	struct setting *setting = &sources->setting;
	struct buf hidden;
	bool meets = false;

	if (!file_cover_open(&setting->cover, place))
		return true;
	buf_init(&hidden, 4096);
	if (!hiding_check(&setting->cover, !setting->config->network.cacert, &hidden))
		buf_printf(why, "cannot mount on %s: %s", place, hidden.data);
	buf_release(&hidden);
	if (why->len)
		return false;
	for (size_t i = 0; i < sources->n; i++)
		meets |= credential_chain_meets(setting->credential_chain, sources->v[i].catalog->cloud,
			sources->v[i].name->profile, &setting->cover);
	if (setting->config->network.cacert)
		meets |= file_cover_meets(&setting->cover, setting->config->network.cacert);
	if (!meets)
		file_cover_release(&setting->cover);
	credential_chain_cover(setting->credential_chain, &setting->cover);
	return true;
}

/* Mounts and serves until the unmount. */
static int service_run(struct service *service, struct buf *why)
{
	struct sources *sources = service->sources;
	struct setting *setting = &sources->setting;

	if (service->fd < 0)
		service->manager = daemon_manager(credential_chain_manager(setting->credential_chain));
	if (!prepare_cover(sources, service->place, why) || !sources_start(sources, why)) {
		daemon_fail(service->fd, print_error(why));
		return 1;
	}
	catch_signals(service); /* before the mount: a signal in between would leave a dead mount */
	struct front *front = front_new(setting->config, service->place, setting->loop, service_ready,
		service, why);
	if (!front) {
		daemon_fail(service->fd, print_error(why));
		return 1;
	}
	service->front = front;
	setting->cover.mount = front_mounted(front);
	service->greeting = loop_timer_start(setting->loop, MOUNTING_S * 1000, service_time_out, service);
	front_serve(front, sources);
	int status = loop_run(setting->loop);
	sources_stop(sources); /* answers all waiters */
	front_free(front);
	return status;
}

static int mount_sources(struct sources *sources, struct buf *why)
{
	const struct config *config = sources->setting.config;
	struct service service = { .sources = sources, .fd = -1, .manager = -1 };
	int status = 1;

	if (!sources_prepare(sources, why))
		return print_error(why);
	char *place = config->foreground ? mounting_place(config->mount.point, why) :
					   daemon_detach(config->mount.point, &service.fd, why);
	service.place = place;
	if (place)
		status = service_run(&service, why);
	else
		daemon_fail(service.fd, print_error(why));
	free(place);
	return status;
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
			catalog_help_kinds(&text, catalog);
		if (!catalog)
			break;
	}
	for (size_t i = 0; !config->n_sources && i < setting->catalogs.n; i++)
		catalog_help_kinds(&text, setting->catalogs.v[i]);
	bool whole = !text.full && !why->len;
	if (whole)
		output_take(&output, &text);
	buf_release(&text);
	return whole ? output_end(&output, 0) : print_error(why);
}

/* A verb that needs valid catalogs. */
static int run_verb(struct sources *sources, struct buf *why)
{
	switch (sources->setting.config->verb) {
	case VERB_MOUNT:
		return mount_sources(sources, why);
	case VERB_KINDS:
		return show_kinds(&sources->setting, why);
	default:
		if (!sources_prepare(sources, why) || !sources_start(sources, why))
			return print_error(why);
		return cli_run(sources);
	}
}

/* Takes ownership of `chain`. */
static int run_config(const struct config *config, struct credential_chain *chain, struct buf *why)
{
	struct texts mistakes = { 0 };
	struct sources sources;

	sources_init(&sources, config, chain);
	sources_load_catalogs(&sources, &mistakes);
	int status;
	if (config->verb == VERB_DOCTOR) {
		status = doctor_run(&sources, &mistakes);
	} else if (mistakes.n) {
		buf_puts(why, mistakes.v[0]);
		status = print_error(why);
	} else {
		status = run_verb(&sources, why);
	}
	sources_release(&sources);
	texts_release(&mistakes);
	return status;
}

static int print_text(const char *text)
{
	struct output output = { 0 };

	output_puts(&output, text);
	return output_end(&output, 0);
}

static int print_help(enum verb verb)
{
	struct buf text;

	buf_init(&text, SIZE_MAX);
	config_help(verb, &text);
	int status = print_text(text.data);
	buf_release(&text);
	return status;
}

/* A verb that needs no source; -1: it is another. */
static int run_alone(const struct config *config)
{
	switch (config->verb) {
	case VERB_HELP:
		return print_help(config->help);
	case VERB_VERSION:
		return print_text("describefs " DESCRIBEFS_VERSION "\n");
	case VERB_REFRESH:
		return refresh_verb_run(&config->paths);
	case VERB_STATUS:
		return status_verb_run();
	default:
		return -1;
	}
}

int main(int argc, char *argv[])
{
	daemon_harden();
	struct credential_chain *chain = credential_chain_new();
	struct config_places places = { .machine = "/etc/describefs/config",
		.home = credential_chain_home(chain),
		.invoker = credential_chain_invoker(chain) };
	struct config config;
	struct buf why, path;

	buf_init(&why, 4096);
	buf_init(&path, 4096);
	if (credential_chain_config(chain, "config", &path))
		places.user = path.data;
	int status = config_parse(&config, argc, argv, &places, &why);
	for (int i = 1; i < argc; i++)
		proxy_hide(argv[i]);
	if (status) {
		output_complain(why.data);
	} else if ((status = run_alone(&config)) < 0) {
		status = run_config(&config, chain, &why);
		chain = NULL;
	}
	credential_chain_free(chain);
	config_release(&config);
	buf_release(&path);
	buf_release(&why);
	return status;
}

/* describefs-emulator: the two clouds on loopback, for tests. See README.md. */
#include "emulator.h"

#include <getopt.h>
#include <openssl/rand.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum { FILES = 20000 };

enum option_id {
	OPT_PORT, OPT_TLS_PORT, OPT_CONTROL_PORT, OPT_CERT, OPT_KEY, OPT_PRIORITIES, OPT_READY,
	OPT_LOG, OPT_TASKS, OPT_NOTEBOOKS, OPT_MODELS, OPT_VERSIONS, OPT_JOBS, OPT_V2TASKS, OPT_V1,
	OPT_SECRET_ID, OPT_SECRET_KEY, OPT_TOKEN, OPT_ACCESS_KEY, OPT_ACCESS_SECRET,
	OPT_SESSION_TOKEN, OPT_LATENCY, OPT_RATE, OPT_MODELS_LIST, OPT_FIXTURE_IDS,
	OPT_CLOCK_OFFSET, OPT_HOST, OPT_HELP
};

static const struct option option_table[] = {
	{ "port", required_argument, NULL, OPT_PORT },
	{ "tls-port", required_argument, NULL, OPT_TLS_PORT },
	{ "control-port", required_argument, NULL, OPT_CONTROL_PORT },
	{ "cert", required_argument, NULL, OPT_CERT },
	{ "key", required_argument, NULL, OPT_KEY },
	{ "tls-priorities", required_argument, NULL, OPT_PRIORITIES },
	{ "ready", required_argument, NULL, OPT_READY },
	{ "log", required_argument, NULL, OPT_LOG },
	{ "tasks", required_argument, NULL, OPT_TASKS },
	{ "notebooks", required_argument, NULL, OPT_NOTEBOOKS },
	{ "models", required_argument, NULL, OPT_MODELS },
	{ "versions", required_argument, NULL, OPT_VERSIONS },
	{ "jobs", required_argument, NULL, OPT_JOBS },
	{ "v2tasks", required_argument, NULL, OPT_V2TASKS },
	{ "v1", required_argument, NULL, OPT_V1 },
	{ "secret-id", required_argument, NULL, OPT_SECRET_ID },
	{ "secret-key", required_argument, NULL, OPT_SECRET_KEY },
	{ "token", required_argument, NULL, OPT_TOKEN },
	{ "access-key", required_argument, NULL, OPT_ACCESS_KEY },
	{ "access-secret", required_argument, NULL, OPT_ACCESS_SECRET },
	{ "session-token", required_argument, NULL, OPT_SESSION_TOKEN },
	{ "latency", required_argument, NULL, OPT_LATENCY },
	{ "rate", required_argument, NULL, OPT_RATE },
	{ "models-list", no_argument, NULL, OPT_MODELS_LIST },
	{ "fixture-ids", no_argument, NULL, OPT_FIXTURE_IDS },
	{ "clock-offset", required_argument, NULL, OPT_CLOCK_OFFSET },
	{ "host", required_argument, NULL, OPT_HOST },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

int64_t emulator_clock(const struct emulator *emu)
{
	return (int64_t)time(NULL) + emu->clock_offset;
}

void emulator_uuid(char out[40])
{
	unsigned char b[16];

	RAND_bytes(b, sizeof(b));
	snprintf(out, 40, "%02x%02x%02x%02x-%02x%02x-4%01x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 b[0], b[1], b[2], b[3], b[4], b[5], b[6] & 15, b[7], (b[8] & 63) | 128, b[9],
		 b[10], b[11], b[12], b[13], b[14], b[15]);
}

static void renew(char **value, const char *prefix)
{
	char uuid[40];
	struct text t = { 0 };

	emulator_uuid(uuid);
	text_addf(&t, "%s%.8s%.4s%.12s", prefix, uuid, uuid + 9, uuid + 24);
	free(*value);
	*value = text_take(&t);
}

void emulator_rotate(struct emulator *emu)
{
	struct account *a = &emu->account;

	renew(&a->secret_id, "AKIDROTATED");
	renew(&a->secret_key, "RotatedSecret");
	renew(&a->access_key, "ALTAKrotated");
	renew(&a->access_secret, "RotatedAccess");
	if (a->token)
		renew(&a->token, "token-");
	if (a->session_token)
		renew(&a->session_token, "session-");
}

static char *setting(const char *env, const char *otherwise)
{
	const char *value = getenv(env);

	return text_dup(value ? value : otherwise);
}

static void account_init(struct account *a)
{
	a->secret_id = setting("EMULATOR_SECRET_ID", "AKIDEXAMPLEEXAMPLEEXAMPLEEXAMPLE0001");
	a->secret_key = setting("EMULATOR_SECRET_KEY", "ExampleSecretKey0123456789abcdef");
	a->token = setting("EMULATOR_TOKEN", NULL);
	a->access_key = setting("EMULATOR_ACCESS_KEY", "ALTAKexampleexampleexampl");
	a->access_secret = setting("EMULATOR_ACCESS_SECRET", "exampleSecretAccessKey0123456789");
	a->session_token = setting("EMULATOR_SESSION_TOKEN", NULL);
}

static void account_free(struct account *a)
{
	free(a->secret_id);
	free(a->secret_key);
	free(a->token);
	free(a->access_key);
	free(a->access_secret);
	free(a->session_token);
}

static void replace(char **value, const char *with)
{
	free(*value);
	*value = text_dup(with);
}

static int usage(FILE *to)
{
	fprintf(to, "usage: describefs-emulator [--port N] [--control-port N]\n"
		"  [--tls-port N --cert FILE --key FILE [--tls-priorities P]]\n"
		"  [--ready FILE] [--log FILE] [--tasks N] [--notebooks N] [--models N]\n"
		"  [--versions N] [--jobs N] [--v2tasks N] [--v1 N] [--latency MS] [--rate N]\n"
		"  [--models-list] [--fixture-ids] [--clock-offset S] [--host NAME]... [--secret-id ID]\n"
		"  [--secret-key KEY] [--token TOKEN] [--access-key ID] [--access-secret KEY]\n"
		"  [--session-token TOKEN]\n");
	return to == stdout ? 0 : 2;
}

static bool take_text(struct emulator *emu, int id, char *value)
{
	struct options *o = &emu->options;
	struct account *a = &emu->account;

	switch (id) {
	case OPT_CERT: o->cert = value; return true;
	case OPT_KEY: o->key = value; return true;
	case OPT_PRIORITIES: o->priorities = value; return true;
	case OPT_READY: o->ready = value; return true;
	case OPT_LOG: o->log = value; return true;
	case OPT_SECRET_ID: replace(&a->secret_id, value); return true;
	case OPT_SECRET_KEY: replace(&a->secret_key, value); return true;
	case OPT_TOKEN: replace(&a->token, value); return true;
	case OPT_ACCESS_KEY: replace(&a->access_key, value); return true;
	case OPT_ACCESS_SECRET: replace(&a->access_secret, value); return true;
	case OPT_SESSION_TOKEN: replace(&a->session_token, value); return true;
	case OPT_MODELS_LIST: o->models_list = true; return true;
	case OPT_FIXTURE_IDS: o->fixture_ids = true; return true;
	case OPT_HOST:
		if (o->host_count < EMULATOR_HOSTS)
			o->hosts[o->host_count++] = value;
		return true;
	default:
		return false;
	}
}

static bool take_number(struct emulator *emu, int id, const char *value)
{
	struct options *o = &emu->options;
	char *end;
	long n = strtol(value, &end, 10);

	if (*end || end == value)
		return false;
	switch (id) {
	case OPT_PORT: o->port = (int)n; break;
	case OPT_TLS_PORT: o->tls_port = (int)n; break;
	case OPT_CONTROL_PORT: o->control_port = (int)n; break;
	case OPT_TASKS: o->sizes.tasks = (int)n; break;
	case OPT_NOTEBOOKS: o->sizes.notebooks = (int)n; break;
	case OPT_MODELS: o->sizes.models = (int)n; break;
	case OPT_VERSIONS: o->sizes.versions = (int)n; break;
	case OPT_JOBS: o->sizes.jobs = (int)n; break;
	case OPT_V2TASKS: o->sizes.v2tasks = (int)n; break;
	case OPT_V1: o->sizes.v1 = (int)n; break;
	case OPT_LATENCY: emu->latency = n; break;
	case OPT_RATE: emu->rate = (int)n; break;
	default: emu->clock_offset = n; break;
	}
	return true;
}

/* -1: go on; else the exit status. */
static int read_options(struct emulator *emu, int argc, char **argv)
{
	int id;

	while ((id = getopt_long(argc, argv, "", option_table, NULL)) != -1) {
		if (id == OPT_HELP)
			return usage(stdout);
		if (id == '?' || (!take_text(emu, id, optarg) && !take_number(emu, id, optarg)))
			return usage(stderr);
	}
	return optind < argc ? usage(stderr) : -1;
}

/* Written under another name first: who sees the file sees all of it. */
static bool write_ready(const struct options *o)
{
	struct text name = { 0 };
	FILE *f;
	bool done;

	if (!o->ready)
		return true;
	text_addf(&name, "%s.new", o->ready);
	f = fopen(name.data, "w");
	if (f && o->port >= 0)
		fprintf(f, "http=%d\n", o->port);
	if (f && o->tls_port >= 0)
		fprintf(f, "tls=%d\n", o->tls_port);
	if (f)
		fprintf(f, "control=%d\n", o->control_port);
	done = f && fclose(f) == 0 && rename(name.data, o->ready) == 0;
	text_free(&name);
	return done;
}

static void signal_ready(void *arg, uint32_t events)
{
	struct emulator *emu = arg;

	(void)events;
	emu->loop.quit = true;
}

static void watch_signals(struct emulator *emu)
{
	struct rlimit limit = { FILES, FILES };
	sigset_t set;

	setrlimit(RLIMIT_NOFILE, &limit);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	emu->signals = (struct watch){ .fd = signalfd(-1, &set, SFD_CLOEXEC), .arg = emu,
		.ready = signal_ready };
	loop_watch(&emu->loop, &emu->signals, EPOLLIN);
}

static bool start(struct emulator *emu)
{
	struct options *o = &emu->options;

	emu->cert = text_file(o->cert);
	emu->key = text_file(o->key);
	if (o->tls_port >= 0 && (!emu->cert || !emu->key))
		return fprintf(stderr, "describefs-emulator: --tls-port needs --cert and --key\n"),
			false;
	if (o->log && !(emu->journal.file = fopen(o->log, "ae")))
		return perror(o->log), false;
	store_init(&emu->store, &o->sizes);
	if (!server_start(emu) || !control_start(emu) || !write_ready(o))
		return perror("describefs-emulator"), false;
	return true;
}

int main(int argc, char **argv)
{
	struct emulator emu = { .options = { .port = 0, .tls_port = -1 }, .rate = 20 };
	int status;

	account_init(&emu.account);
	lender_init(&emu.lender);
	status = read_options(&emu, argc, argv);
	if (status < 0 && loop_init(&emu.loop)) {
		watch_signals(&emu);
		status = start(&emu) ? 0 : 1;
		while (status == 0 && !emu.loop.quit) {
			loop_step(&emu.loop, server_timeout(&emu));
			server_run(&emu);
		}
		for (int i = 0; i < 8; i++) /* let the answer to /quit go out */
			server_run(&emu);
		server_stop(&emu);
		plan_clear(&emu.plans);
		store_free(&emu.store);
		loop_free(&emu.loop);
	}
	journal_free(&emu.journal);
	account_free(&emu.account);
	lender_free(&emu.lender);
	free(emu.cert);
	free(emu.key);
	return status;
}

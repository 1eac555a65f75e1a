/*
 * config_help.c - the texts of --help, and of help VERB.
 */
#include "options.h"

#include <string.h>

/* At most 4095 bytes, the longest literal that C guarantees. */
static const char
	HELP[] = "Usage: describefs [OPTION]... SOURCE... MOUNTPOINT\n"
		 "       describefs [OPTION]... NAME [MOUNTPOINT]\n"
		 "       describefs ls|tree [OPTION]... SOURCE [PATH]...\n"
		 "       describefs cat [OPTION]... SOURCE PATH...\n"
		 "       describefs kinds|doctor [OPTION]... [SOURCE]\n"
		 "       describefs refresh PATH...\n"
		 "       describefs status | help [VERB]\n"
		 "\n"
		 "Shows the resources of a cloud as a read-only tree of files.\n"
		 "\n"
		 "SOURCE is CATALOG[:REGION][@PROFILE], as in tione, tione:ap-shanghai,\n"
		 "tione:ap-beijing@work, qianfan; several are a directory each. NAME is a section\n"
		 "of ~/.config/describefs/config or /etc/describefs/config: its sources, its\n"
		 "mountpoint and its options, by the names below.\n"
		 "\n"
		 "  mount            show SOURCE in the directory MOUNTPOINT (if no verb is given)\n"
		 "  ls, cat, tree    show a part of the same tree without a mount\n"
		 "  kinds            say what each source can show\n"
		 "  doctor           check FUSE, key, clock and network, and say what to do\n"
		 "  refresh          have the next read of these paths of a mount ask the cloud\n"
		 "  status           your mounts: calls, hits, errors, age of the newest answer\n"
		 "\n"
		 "  -o OPT[,OPT...]  one or more of the options below; may be repeated\n"
		 "  -f               stay in the foreground\n"
		 "  -d               say on stderr what happens; implies -f\n"
		 "  -l, -L LEVELS    ls: with modes, sizes and times; tree: so deep\n"
		 "  -h, --help       print this text; with a verb: what it does, and its options\n"
		 "  -V, --version    print the version\n"
		 "\n"
		 "Options after -o, as in /etc/fstab with the type describefs:\n"
		 "  deadline=TIME     longest wait of a reader, 0.1 s to 1h (10)\n"
		 "  ttl=TIME          how long a value is fresh (the catalog's, by kind)\n"
		 "  stale=TIME        how old a value may be shown when the cloud fails (1h)\n"
		 "  rate=CALLS        calls a second of each action (the catalog's, 20)\n"
		 "  max_memory=SIZE   bytes kept; K, M, G for powers of 1024 (256M)\n"
		 "  pin=KIND/ID[/SUBKIND/ID][:...]\n"
		 "                    list these ids where the cloud cannot list them\n"
		 "  names=api|snake   file names as in the API, or in snake_case (snake)\n"
		 "  secrets           show secret fields, readable by the owner alone\n"
		 "  endpoint=URL      another address of the API; http:// only to loopback\n"
		 "  metadata=URL, sts=URL\n"
		 "                    the same for the services that give keys\n"
		 "  proxy=URL         http[s]://[USER:PASSWORD@]HOST[:PORT] (none)\n"
		 "  cacert=FILE       trust these certificates (PEM) instead of the system's\n"
		 "  allow_other, uid=N, gid=N, umask=OCTAL, fsname=NAME, default_permissions,\n"
		 "  auto_unmount      as in mount.fuse3(8)\n"
		 "\n"
		 "Keys are found where tccli, the SDKs and bcecmd have them, a machine's own role\n"
		 "included: describefs(1) lists the places.\n"
		 "\n"
		 "Examples:\n"
		 "  describefs tione:ap-shanghai /mnt/tione\n"
		 "  describefs -o ttl=60,stale=86400 tione@work /mnt/tione\n"
		 "  describefs cat tione /training/train-1234/status\n"
		 "  describefs cat tione 'training/*/status'\n"
		 "  describefs tree tione /models\n"
		 "  describefs doctor tione\n"
		 "  fusermount3 -u /mnt/tione\n"
		 "\n"
		 "Exit status: 0 done, and a mount answers; 1 it failed; 2 wrong usage.\n";

enum { COLUMNS = 79 };

/* The one-letter options. */
static const struct letter_help {
	char letter;
	const char *text;
} LETTERS[] = {
	{ 'f', "-f               stay in the foreground (implied by -d)" },
	{ 'd', "-d               say on stderr what happens" },
	{ 'l', "-l               with modes, sizes and times" },
	{ 'L', "-L LEVELS        so many levels deep" },
	{ 'o', "-o OPT[,OPT...]  one or more of these, which describefs --help explains:" },
};

/* Adds the names of the options after -o, as many in a line as fit. */
static void add_options(struct buf *out, enum takes takes)
{
	struct texts words = { 0 };
	size_t column = COLUMNS;

	options_list(takes, &words);
	for (size_t i = 0; i < words.n; i++) {
		size_t len = strlen(words.v[i]) + 1;
		if (column + len > COLUMNS) {
			buf_puts(out, i ? "\n                  " : "                  ");
			column = 18;
		}
		buf_printf(out, " %s", words.v[i]);
		column += len;
	}
	buf_putc(out, '\n');
	texts_release(&words);
}

static void add_verb(struct buf *out, const struct verb_row *row)
{
	buf_printf(out, "Usage: %s\n\n%s", row->form, row->about);
	if (*row->letters)
		buf_putc(out, '\n');
	for (size_t i = 0; i < sizeof LETTERS / sizeof *LETTERS; i++)
		if (strchr(row->letters, LETTERS[i].letter))
			buf_printf(out, "  %s\n", LETTERS[i].text);
	if (strchr(row->letters, 'o'))
		add_options(out, row->takes);
}

void config_help(enum verb verb, struct buf *out)
{
	if (verb == VERB_HELP)
		buf_puts(out, HELP);
	else
		add_verb(out, config_verb_row(verb));
}

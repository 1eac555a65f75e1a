/*
 * test_config.c - command lines, one a row: what they come to, or the line that says what is wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/config.h"
#include "config/options.h"

enum { WORDS_MAX = 32 };

/* Everything that is not as it is without options, in a fixed order. */

static void show_texts(struct buf *out, const char *name, const struct texts *texts)
{
	for (size_t i = 0; i < texts->n; i++)
		buf_printf(out, " %s=%s", name, texts->v[i]);
	if (texts->n > 0)
		assert_null(texts->v[texts->n]);
}

static void show_number(struct buf *out, const char *name, int64_t value, int64_t otherwise)
{
	if (value != otherwise)
		buf_printf(out, " %s=%lld", name, (long long)value);
}

static void show_text(struct buf *out, const char *name, const char *text)
{
	if (text)
		buf_printf(out, " %s=%s", name, text);
}

static void show(struct buf *out, const struct config *config)
{
	static const char *const VERBS[] = { "mount", "ls", "cat", "tree", "kinds", "doctor", "refresh", "status",
		"help", "version" };
	buf_puts(out, VERBS[config->verb]);
	for (size_t i = 0; i < config->n_sources; i++) {
		show_text(out, "catalog", config->sources[i].catalog);
		show_text(out, "region", config->sources[i].region);
		show_text(out, "profile", config->sources[i].profile);
	}
	show_texts(out, "path", &config->paths);
	show_text(out, "at", config->mount.point);
	if (config->verb == VERB_HELP && config->help != VERB_HELP)
		show_text(out, "about", VERBS[config->help]);
	show_number(out, "f", config->foreground, false);
	show_number(out, "d", config->debug, false);
	show_text(out, "endpoint", config->network.endpoint);
	show_text(out, "metadata", config->network.metadata);
	show_text(out, "sts", config->network.sts);
	show_text(out, "cacert", config->network.cacert);
	show_text(out, "proxy", config->network.proxy.url);
	show_text(out, "user", config->network.proxy.user);
	show_text(out, "password", config->network.proxy.password);
	show_number(out, "deadline", config->limits.deadline_ms, 10000);
	show_number(out, "ttl", config->limits.ttl_ms, -1);
	show_number(out, "stale", config->limits.stale_ms, 3600000);
	show_number(out, "rate/1000", (int64_t)(config->limits.rate * 1000 + 0.5), 0);
	show_number(out, "memory", (int64_t)config->limits.max_memory, 256 << 20);
	show_number(out, "api", config->tree.api_names, false);
	show_number(out, "secrets", config->tree.secrets, false);
	show_texts(out, "pin", &config->tree.pins);
	show_number(out, "allow_other", config->mount.allow_other, false);
	show_number(out, "uid", config->mount.uid, -1);
	show_number(out, "gid", config->mount.gid, -1);
	show_number(out, "umask", config->mount.umask, -1);
	show_texts(out, "fuse", &config->mount.options);
}

/* What the file rows are tried with; written by main. */
static const struct config_places PLACES = { "/tmp/describefs-config-test/machine", "/tmp/describefs-config-test/user",
	"/home/me", -1 };

static int parse(struct config *config, const char *line, struct buf *why)
{
	char *copy = xstrdup(line), *state = NULL, *words[WORDS_MAX] = { (char *)"describefs" };
	int n = 1;
	for (char *word = strtok_r(copy, " ", &state); word; word = strtok_r(NULL, " ", &state))
		words[n++] = strcmp(word, "''") == 0 ? (char *)"" : word;
	int status = config_parse(config, n, words, &PLACES, why);
	free(copy);
	return status;
}

#define T "mount catalog=tione at=/m"

static const struct {
	const char *line, *result;
} RIGHT[] = {
	{ "tione /m", T },
	{ "mount tione /m", T },
	{ "tione:ap-shanghai /m", "mount catalog=tione region=ap-shanghai at=/m" },
	{ "tione:ap-beijing@work /m", "mount catalog=tione region=ap-beijing profile=work at=/m" },
	{ "tione@work.2 /m", "mount catalog=tione profile=work.2 at=/m" },
	{ "tione@me@home:x /m", "mount catalog=tione profile=me@home:x at=/m" },
	{ "q2-x /m/", "mount catalog=q2-x at=/m/" },
	{ "mount ls /m", "mount catalog=ls at=/m" },
	{ "mount mount /m", "mount catalog=mount at=/m" },
	{ "ls tione", "ls catalog=tione" },
	{ "ls tione /training", "ls catalog=tione path=/training" },
	{ "cat tione a b c", "cat catalog=tione path=a path=b path=c" },
	{ "cat -o secrets tione a -d b", "cat catalog=tione path=a path=b f=1 d=1 secrets=1" },
	{ "tree tione", "tree catalog=tione" },
	{ "kinds", "kinds" },
	{ "kinds qianfan", "kinds catalog=qianfan" },
	{ "kinds -o endpoint=https://h,proxy=http://p", "kinds endpoint=https://h proxy=http://p:80" },
	{ "doctor", "doctor" },
	{ "refresh /m/a b", "refresh path=/m/a path=b" },
	{ "doctor tione:ap-x", "doctor catalog=tione region=ap-x" },
	{ "tione qianfan /m", "mount catalog=tione catalog=qianfan at=/m" },
	{ "tione:ap-x@a tione:ap-x@b qianfan /m -o ttl=7",
		"mount catalog=tione region=ap-x profile=a catalog=tione region=ap-x profile=b catalog=qianfan at=/m ttl=7000" },
	{ "refresh work", "refresh path=work" },
	{ "status", "status" },
	{ "--help", "help" },
	{ "help", "help" },
	{ "help ls", "help about=ls" },
	{ "help mount", "help about=mount" },
	{ "help help", "help" },
	{ "ls --help", "help about=ls" },
	{ "ls tione -lh", "help about=ls" },
	{ "refresh /m -h", "help about=refresh" },
	{ "--help ls", "help" },
	{ "-x --help", "help" },
	{ "-h", "help" },
	{ "tione /m --help --nonsense", "help" },
	{ "-fh", "help f=1" },
	{ "--version", "version" },
	{ "-V", "version" },
	{ "-f tione /m", T " f=1" },
	{ "tione /m -f", T " f=1" },
	{ "-d tione /m", T " f=1 d=1" },
	{ "-fd tione -- /m", T " f=1 d=1" },
	{ "-- tione /m", T },
	{ "ls -- tione -f", "ls catalog=tione path=-f" },
	{ "ls tione -", "ls catalog=tione path=-" },
	{ "-o ttl=5 tione /m", T " ttl=5000" },
	{ "tione -ottl=5 /m", T " ttl=5000" },
	{ "tione /m -fo ttl=0", T " f=1 ttl=0" },
	{ "tione /m -o ttl=5 -o stale=0,ttl=6", T " ttl=6000 stale=0" },
	{ "tione /m -o deadline=0.1", T " deadline=100" },
	{ "tione /m -o deadline=2.5", T " deadline=2500" },
	{ "tione /m -o deadline=.25", T " deadline=250" },
	{ "tione /m -o deadline=3600", T " deadline=3600000" },
	{ "tione /m -o deadline=1.5s,ttl=1m,stale=2h", T " deadline=1500 ttl=60000 stale=7200000" },
	{ "tione /m -o deadline=100ms,ttl=0.5,stale=1d", T " deadline=100 ttl=500 stale=86400000" },
	{ "tione /m -o deadline=1h,ttl=0s,stale=.5m", T " deadline=3600000 ttl=0 stale=30000" },
	{ "tione /m -o ttl=0.0001,stale=3660d", T " ttl=1 stale=316224000000" },
	{ "tione /m -o rate=0.5", T " rate/1000=500" },
	{ "tione /m -o rate=20", T " rate/1000=20000" },
	{ "tione /m -o max_memory=1048576", T " memory=1048576" },
	{ "tione /m -o max_memory=1024K", T " memory=1048576" },
	{ "tione /m -o max_memory=10m", T " memory=10485760" },
	{ "tione /m -o max_memory=2G", T " memory=2147483648" },
	{ "tione /m -o names=api", T " api=1" },
	{ "tione /m -o names=api,names=snake", T },
	{ "tione /m -o secrets", T " secrets=1" },
	{ "tione /m -o pin=models/m-1", T " pin=models/m-1" },
	{ "tione /m -o pin=models/m-1:models/m-2/versions/v%2F3,pin=a/b",
		T " pin=models/m-1 pin=models/m-2/versions/v%2F3 pin=a/b" },
	{ "tione /m -o allow_other,uid=1000,gid=0,umask=077", T " allow_other=1 uid=1000 gid=0 umask=63" },
	{ "tione /m -o auto_unmount,default_permissions,fsname=x=y", T
		" fuse=auto_unmount fuse=default_permissions fuse=fsname=x=y" },
	{ "tione /m -o fsname=a\\,b,secrets", T " secrets=1 fuse=fsname=a,b" },
	{ "tione /m -o rw,nosuid,nodev,dev,suid,relatime,_netdev,nofail,x-systemd.automount,X-a.b=c,silent,comment=a", T
		" fuse=nosuid fuse=nodev" },
	{ "tione /m -o defaults,ro,noauto,user,user=joe,users,nouser,owner,exec,noexec,sync,async,atime,noatime,"
		"diratime,nodiratime,auto", T " fuse=noexec fuse=noatime" },
	{ "tione /m -o ,,secrets,", T " secrets=1" },
	{ "tione /m -o ''", T },
	{ "tione /m -o proxy=http://Proxy.example.com", T " proxy=http://proxy.example.com:80" },
	{ "tione /m -o proxy=HTTPS://10.1.2.3:08443/", T " proxy=https://10.1.2.3:8443" },
	{ "tione /m -o proxy=http://a%40b:c%3a%2C@[2001:db8::1]:3128", T
		" proxy=http://[2001:db8::1]:3128 user=a@b password=c:," },
	{ "tione /m -o proxy=http://u@h:1,proxy=https://h", T " proxy=https://h:443" },
	{ "tione /m -o proxy=http://u:p@q@h", T " proxy=http://h:80 user=u password=p@q" },
	{ "tione /m -o endpoint=https://tione.example.com", T " endpoint=https://tione.example.com" },
	{ "tione /m -o endpoint=HTTPS://Tione.example.com:8443/", T " endpoint=https://tione.example.com:8443" },
	{ "tione /m -o endpoint=https://Host:0443", T " endpoint=https://host" },
	{ "tione /m -o endpoint=https://host.:00443/", T " endpoint=https://host" },
	{ "tione /m -o endpoint=https://host:080", T " endpoint=https://host:80" },
	{ "tione /m -o endpoint=http://127.0.0.1:080", T " endpoint=http://127.0.0.1" },
	{ "tione /m -o endpoint=https://[2001:DB8:0:0::1]", T " endpoint=https://[2001:db8::1]" },
	{ "tione /m -o endpoint=https://10.1.2.3.:0008", T " endpoint=https://10.1.2.3:8" },
	{ "tione /m -o endpoint=https://[2001:db8::1]:443", T " endpoint=https://[2001:db8::1]" },
	{ "tione /m -o endpoint=http://127.0.0.1:8080", T " endpoint=http://127.0.0.1:8080" },
	{ "tione /m -o endpoint=http://127.9.9.9", T " endpoint=http://127.9.9.9" },
	{ "tione /m -o endpoint=http://[::1]:1", T " endpoint=http://[::1]:1" },
	{ "tione /m -o metadata=http://127.0.0.1:80,sts=https://sts.example.com", T
		" metadata=http://127.0.0.1 sts=https://sts.example.com" },
	{ "tione /m -o metadata=http://[::1]:1,metadata=http://metadata.tencentyun.com", T
		" metadata=http://metadata.tencentyun.com" },
	{ "tione /m -o metadata=http://10.1.2.3:80", T " metadata=http://10.1.2.3" },
	{ "tione /m -o metadata=http://[fe80::1]", T " metadata=http://[fe80::1]" },
	{ "tione /m -o endpoint=http://LocalHost:65535/", T " endpoint=http://localhost:65535" },
};

static const struct {
	const char *line, *words;
} WRONG[] = {
	{ "", "SOURCE is missing" },
	{ "mount", "SOURCE is missing" },
	{ "-f", "SOURCE is missing" },
	{ "tione", "\"tione\" is not the name of a mount in a config file, and a source needs a mount point: describefs" },
	{ "tione ''", "MOUNTPOINT is empty" },
	{ "tione qianfan tione /m", "source tione is named twice" },
	{ "s1 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 s12 s13 s14 s15 s16 s17 /m", "at most 16" },
	{ "status /m", "too many arguments" },
	{ "ls", "SOURCE is missing: describefs ls [-l] SOURCE [PATH]..." },
	/* a verb takes the options that mean something for it */
	{ "status -o ttl=1", "-o means nothing for status" },
	{ "refresh -o ttl=1 /m", "-o means nothing for refresh" },
	{ "status -d", "-d means nothing for status" },
	{ "refresh -f /m", "-f means nothing for refresh" },
	{ "kinds -f tione", "-f means nothing for kinds" },
	{ "cat -l tione x", "-l means nothing for cat" },
	{ "ls -L 2 tione", "-L means nothing for ls" },
	{ "tione /m -l", "-l means nothing for mount" },
	{ "ls -o allow_other tione", "-o allow_other means nothing for ls" },
	{ "ls -o ttl=1,ro tione", "-o ro means nothing for ls" },
	{ "cat -o uid=1 tione x", "-o uid means nothing for cat" },
	{ "tree -o auto_unmount tione", "-o auto_unmount means nothing for tree" },
	{ "kinds -o noexec", "-o noexec means nothing for kinds" },
	{ "kinds -o ttl=1", "-o ttl means nothing for kinds" },
	{ "kinds tione -o secrets", "-o secrets means nothing for kinds" },
	{ "kinds -o ,names=api", "-o names means nothing for kinds" },
	{ "ls -f tione", "-f means nothing for ls" },
	{ "ls -f -d tione", "-f means nothing for ls" },
	{ "cat -df tione x", "-f means nothing for cat" },
	{ "tree -f tione", "-f means nothing for tree" },
	{ "doctor -f", "-f means nothing for doctor" },
	{ "help -f", "-f means nothing for help" },
	{ "version -o ttl=1", "-o means nothing for version" },
	/* an unknown option's message names only what the verb takes */
	{ "-x ls tione", "unknown option -x: ls takes -o -d -l -h -V" },
	{ "tree tione -L 2 -x", "unknown option -x: tree takes -o -d -L -h -V" },
	{ "refresh -x /m", "unknown option -x: refresh takes -h -V" },
	{ "ls -o alow_other tione", "unknown option -o alow_other: describefs ls --help lists the options" },
	{ "kinds --deadlin=5", "unknown option --deadlin: see describefs kinds --help" },
	{ "kinds -o deadlin=5", "unknown option -o deadlin: describefs kinds --help lists the options" },
	{ "kinds -o endpont=x", "unknown option -o endpont: did you mean endpoint?" },
	{ "refresh --ttl=5 /m", "unknown option --ttl: see describefs refresh --help" },
	/* a password is in no message */
	{ "tione /m -o endpoint=https://u:p4ss@h", "-o endpoint=https://***@h: expected https://HOST" },
	{ "tione /m -o endpoint=https://u:p4/s@s@h/x", "-o endpoint=https://***@h/x: expected https://HOST" },
	{ "tione /m -o endpoint=u:p4ss@h", "-o endpoint=***@h: expected https://HOST" },
	{ "tione /m -o metadata=https:/u:p4ss@h", "-o metadata=***@h: expected https://HOST" },
	{ "tione /m -o sts=http://t4ken@h", "-o sts=http://***@h: expected https://HOST" },
	{ "tione /m -o rate=https://u:p4ss@h", "-o rate=https://***@h: expected calls" },
	{ "tione /m -o secrets=https://u:p4ss@h", "-o secrets=https://***@h: takes no value" },
	{ "tione /m -o https://u:p4ss@h", "unknown option -o https://***@h: describefs" },
	{ "tione /m -o proxy:http://u:p4ss@h", "unknown option -o proxy:http://***@h: d" },
	{ "tione /m --proxy:http://u:p4ss@h", "unknown option --proxy:http://***@h: s" },
	{ "https://u:p4ss@h /m", "bad source \"https://***@h\"" },
	{ "https://u:p4ss@h", "\"https://***@h\" is not the name of a mount" },
	{ "ls -o https://u:p4ss@h tione", "unknown option -o https://***@h: describefs" },
	{ "kinds -o https://u:p4ss@h", "unknown option -o https://***@h: describefs" },
	{ "-xhttps://u:p4ss@h", "unknown option -xhttps://***@h: mount takes -o -f -d -h -V" },
	{ "tione /m -o pin=a@b", "-o pin=a@b: expected KIND/ID" },
	{ "kinds tione@nix", "the same for every profile: describefs kinds tione" },
	{ "version x", "too many arguments" },
	{ "help ls cat", "too many arguments" },
	{ "tree -L", "-L: expected a number of levels from 1" },
	{ "tree -L 0 tione", "-L: expected a number of levels from 1" },
	{ "tree -L x tione", "-L: expected a number of levels from 1" },
	{ "tree -L 99999 tione", "-L: expected a number of levels from 1" },
	{ "tree -L2x tione", "-L: expected a number of levels from 1" },
	/* words that people type for one of the verbs */
	{ "umount /m", "fusermount3 -u /m" },
	{ "unmount", "fusermount3 -u MOUNTPOINT" },
	{ "remount /m", "fusermount3 -u /m, and mount it again" },
	{ "stat /m", "describefs ls -l SOURCE PATH" },
	{ "list tione", "describefs ls tione [PATH]..." },
	{ "get tione x", "describefs cat tione PATH..." },
	{ "show", "describefs cat SOURCE PATH..." },
	{ "statsu", "did you mean describefs status?" },
	{ "refersh /m /n", "did you mean describefs refresh?" },
	{ "hlep", "did you mean describefs help?" },
	{ "help statsu", "\"statsu\" is not a verb; did you mean describefs status?" },
	{ "help umount", "describefs has no verb umount: use fusermount3 -u MOUNTPOINT" },
	{ "help tione", "\"tione\" is not a verb: describefs --help lists the verbs" },
	/* a mount, and not a source */
	{ "ls ./mnt/training", "bad source \"./mnt/training\": it is a path, and SOURCE names a catalog, as in tione:ap-x@work; to list a mount, use ls" },
	{ "cat /m/training x", "it is a path, and SOURCE names a catalog" },
	{ "tree ..", "it is a path, and SOURCE names a catalog" },
	{ "ls .", "it is a path, and SOURCE names a catalog" },
	{ "/m tione", "it is a path, and SOURCE names a catalog" },
	{ "cat tione", "PATH is missing" },
	{ "kinds a b", "too many arguments" },
	{ "refresh", "PATH is missing: describefs refresh PATH..." },
	{ "Tione /m", "bad source \"Tione\"" },
	{ "1tione /m", "the catalog's name" },
	{ "'' /m", "the catalog's name" },
	{ "@work /m", "the catalog's name" },
	{ "tione: /m", "the region" },
	{ "tione:AP /m", "the region" },
	{ "tione:ap-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa /m", "64 at most" },
	{ "tione:a/b /m", "the region" },
	{ "tione@ /m", "the profile" },
	{ "tione@../x /m", "the profile" },
	{ "tione@.x /m", "the profile" },
	{ "tione@a/b /m", "the profile" },
	{ "-x tione /m", "unknown option -x" },
	{ "-fx tione /m", "unknown option -fx" },
	{ "--foo", "unknown option --foo: see describefs --help" },
	{ "--list tione", "unknown option --list: see describefs --help" },
	{ "tione /m -o foo", "unknown option -o foo: describefs --help lists the options" },
	{ "tione /m -o x", "unknown option -o x: describefs --help lists the options" },
	{ "--ttl=5 tione /m", "did you mean -o ttl?" },
	{ "--halp", "did you mean --help?" },
	{ "--vesion", "did you mean --version?" },
	{ "--deadlin=5 tione /m", "did you mean -o deadline?" },
	{ "tione /m -o", "a list of options is missing" },
	{ "tione /m -o deadlin=5", "unknown option -o deadlin: did you mean deadline?" },
	{ "tione /m -o secret", "did you mean secrets?" },
	{ "tione /m -o alow_other", "did you mean allow_other?" },
	{ "tione /m -o max-memory=1G", "did you mean max_memory?" },
	{ "tione /m -o subtyp=x", "unknown option -o subtyp: describefs --help lists the options" },
	{ "tione /m --subtype=x", "unknown option --subtype: see describefs --help" },
	{ "tione /m -o TTL=5", "unknown option -o TTL: did you mean ttl?" },
	{ "tione /m -o remount", "unknown option -o remount: fusermount3 -u MOUNTPOINT, then mount it again" },
	{ "tione /m -o deadline", "-o deadline: expected a time" },
	{ "tione /m -o deadline=", "expected a time, 0.1 to 3600 seconds: a number" },
	{ "tione /m -o deadline=0", "expected a time, 0.1 to 3600 seconds: a number" },
	{ "tione /m -o deadline=0.09", "expected a time, 0.1 to 3600 seconds: a number" },
	{ "tione /m -o deadline=3600.1", "expected a time, 0.1 to 3600 seconds: a number" },
	{ "tione /m -o deadline=1e3", "expected a time, 0.1 to 3600 seconds: a number" },
	{ "tione /m -o deadline=1\\,5", "expected a time, 0.1 to 3600 seconds: a number" },
	{ "tione /m -o deadline=-1", "expected a time, 0.1 to 3600 seconds: a number" },
	{ "tione /m -o deadline=5.", "expected a time, 0.1 to 3600 seconds: a number" },
	{ "tione /m -o deadline=.", "expected a time, 0.1 to 3600 seconds: a number" },
	{ "tione /m -o deadline=inf", "expected a time, 0.1 to 3600 seconds: a number" },
	{ "tione /m -o ttl=+1", "expected a time" },
	{ "tione /m -o ttl=0x10", "expected a time" },
	{ "tione /m -o ttl=99999999999999999999", "expected a time" },
	{ "tione /m -o deadline=99ms", "expected a time" },
	{ "tione /m -o deadline=61m", "expected a time" },
	{ "tione /m -o ttl=m", "expected a time" },
	{ "tione /m -o ttl=1M", "expected a time" },
	{ "tione /m -o ttl=1min", "expected a time" },
	{ "tione /m -o ttl=1h30m", "expected a time" },
	{ "tione /m -o ttl=1.s", "expected a time" },
	{ "tione /m -o stale=3661d", "expected a time" },
	{ "tione /m -o rate=0", "expected calls a second" },
	{ "tione /m -o max_memory=0", "expected a number of bytes" },
	{ "tione /m -o max_memory=64K", "1M is the least" },
	{ "tione /m -o max_memory=1048575", "1M is the least" },
	{ "tione /m -o max_memory=1T", "expected a number of bytes" },
	{ "tione /m -o max_memory=G", "expected a number of bytes" },
	{ "tione /m -o max_memory=999999999999999G", "expected a number of bytes" },
	{ "tione /m -o names=camel", "expected api or snake" },
	{ "tione /m -o secrets=1", "takes no value" },
	{ "tione /m -o auto_unmount=1", "unknown option" },
	{ "tione /m -o pin=models", "expected KIND/ID" },
	{ "tione /m -o pin=models/", "expected KIND/ID" },
	{ "tione /m -o pin=models/a/versions", "expected KIND/ID" },
	{ "tione /m -o pin=models/a::models/b", "expected KIND/ID" },
	{ "tione /m -o pin=models/a%2", "expected KIND/ID" },
	{ "tione /m -o pin=models/a%zz", "expected KIND/ID" },
	{ "tione /m -o umask=8", "expected an octal number" },
	{ "tione /m -o umask=1000", "expected an octal number" },
	{ "tione /m -o uid=joe", "expected a number" },
	{ "tione /m -o uid=4294967295", "expected a number" },
	{ "tione /m -o fsname=", "expected a name" },
	{ "tione /m -o subtype=x", "cannot be set" },
	{ "tione /m -o cacert=", "expected a PEM file" },
	{ "tione /m -o proxy=", "-o proxy: expected http[s]://" },
	{ "tione /m -o proxy=h:1", "-o proxy: expected http[s]://" },
	{ "tione /m -o proxy=socks5://h:1", "-o proxy: expected http[s]://" },
	{ "tione /m -o proxy=http://:p@h", "-o proxy: expected http[s]://" },
	{ "tione /m -o proxy=http://u%zz:p@h", "-o proxy: expected http[s]://" },
	{ "tione /m -o endpoint=tione.example.com", "expected https://" },
	{ "tione /m -o endpoint=http://tione.example.com", "expected https://" },
	{ "tione /m -o endpoint=http://127.0.0.1.example.com", "expected https://" },
	{ "tione /m -o endpoint=http://127.1", "expected https://" },
	{ "tione /m -o endpoint=http://[::2]", "expected https://" },
	{ "tione /m -o endpoint=http://0.0.0.0", "expected https://" },
	{ "tione /m -o endpoint=https://user:pw@host", "expected https://" },
	{ "tione /m -o endpoint=https://", "expected https://" },
	{ "tione /m -o endpoint=https://host:0", "expected https://" },
	{ "tione /m -o endpoint=https://host:65536", "expected https://" },
	{ "tione /m -o endpoint=https://host:", "expected https://" },
	{ "tione /m -o endpoint=https://host/path", "expected https://" },
	{ "tione /m -o endpoint=https://host?x", "expected https://" },
	{ "tione /m -o endpoint=https://[::1", "expected https://" },
	{ "tione /m -o endpoint=https://ho\nst", "expected https://" },
	{ "tione /m -o endpoint=ftp://host", "expected https://" },
	{ "tione /m -o endpoint=http://metadata.tencentyun.com", "expected https://" },
	{ "tione /m -o sts=http://metadata.tencentyun.com", "expected https://" },
	{ "tione /m -o sts=http://sts.tencentcloudapi.com", "expected https://" },
	{ "tione /m -o metadata=http://8.8.8.8", "private network" },
	{ "tione /m -o metadata=http://[2001:db8::1]", "private network" },
	{ "tione /m -o endpoint=https://host..", "expected https://" },
	{ "tione /m -o endpoint=https://.host", "expected https://" },
	{ "tione /m -o endpoint=https://a..b", "expected https://" },
	{ "tione /m -o endpoint=https://127.1", "expected https://" },
	{ "tione /m -o endpoint=https://2130706433", "expected https://" },
	{ "tione /m -o endpoint=https://0x7f.1", "expected https://" },
	{ "tione /m -o endpoint=https://0x7F000001", "expected https://" },
	{ "tione /m -o endpoint=https://10.0.0.010", "expected https://" },
	{ "tione /m -o endpoint=https://user@host", "expected https://" },
	{ "tione /m -o endpoint=https://host:00", "expected https://" },
	{ "tione /m -o endpoint=https://host:+443", "expected https://" },
	{ "tione /m -o endpoint=https://[fe80::1%25lo]", "expected https://" },
	{ "tione /m -o endpoint=http://10.1.2.3", "expected https://" },
	{ "tione /m -o sts=http://169.254.0.23", "expected https://" },
	{ "tione /m -o metadata=", "expected https://" },
};

static void assert_right(const char *line, const char *result)
{
	struct config config;
	struct buf shown, why;
	buf_init(&shown, 10000);
	buf_init(&why, 1000);
	int status = parse(&config, line, &why);
	if (status != 0)
		fail_msg("%s: %d %s", line, status, why.data);
	show(&shown, &config);
	if (strcmp(shown.data, result) != 0)
		fail_msg("%s: %s", line, shown.data);
	assert_int_equal(why.len, 0);
	config_release(&config);
	buf_release(&shown);
	buf_release(&why);
}

static void assert_wrong(const char *line, const char *words)
{
	struct config config;
	struct buf why;
	buf_init(&why, 1000);
	int status = parse(&config, line, &why);
	if (status != 2 || !strstr(why.data, words))
		fail_msg("%s: %d %s", line, status, why.data);
	config_release(&config);
	buf_release(&why);
}

static void command_lines_that_are_right(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof RIGHT / sizeof *RIGHT; i++)
		assert_right(RIGHT[i].line, RIGHT[i].result);
}

static void command_lines_that_are_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
		assert_wrong(WRONG[i].line, WRONG[i].words);
}

/* ---- files ---- */

static const char USER[] =
	"# for all mounts\n"
	"deadline = 5s # seconds\n"
	"secrets = yes\n"
	"\n"
	"[work]\n"
	"source = tione:ap-shanghai@work\tqianfan\n"
	"mountpoint = \"~/cloud\" ; here\n"
	"ttl = 1m\n"
	"auto_unmount =\n"
	"_netdev = yes\n"
	"[open]\n"
	"source = tione\n"
	"mountpoint = /open\n"
	"secrets = no\n"
	"[bad]\n"
	"source = tione\n"
	"tl = 5\n"
	"[worse]\n"
	"source = tione\n"
	"ttl = often\n"
	"[far]\n"
	"mountpoint = cloud\n"
	"[empty]\n"
	"[twice]\n"
	"source = tione\n"
	"source = qianfan tione\n"
	"[perhaps]\n"
	"source = tione\n"
	"secrets = perhaps\n"
	"[mine]\n"
	"source = 'tione' # mine\n"
	"[again]\n"
	"source = tione\n"
	"ttl = 5\n"
	"ttl = 6\n";

static const char MACHINE[] =
	"deadline = 7\n" /* the user's goes before it */
	"[theirs]\n"
	"source = qianfan\n"
	"[work]\n"
	"source = nobody\n";

static const struct {
	const char *line, *result;
} FILE_RIGHT[] = {
	{ "work", "mount catalog=tione region=ap-shanghai profile=work catalog=qianfan at=/home/me/cloud deadline=5000 "
		"ttl=60000 secrets=1 fuse=auto_unmount" },
	{ "mount work /m -o ttl=7", "mount catalog=tione region=ap-shanghai profile=work catalog=qianfan at=/m "
		"deadline=5000 ttl=7000 secrets=1 fuse=auto_unmount" },
	{ "open -o deadline=9", "mount catalog=tione at=/open deadline=9000" },
	{ "theirs /m", "mount catalog=qianfan at=/m deadline=5000 secrets=1" },
	{ "tione /m -o names=api", "mount catalog=tione at=/m deadline=5000 api=1 secrets=1" },
	{ "ls work /training", "ls catalog=tione region=ap-shanghai profile=work catalog=qianfan path=/training "
		"at=/home/me/cloud deadline=5000 ttl=60000 secrets=1 fuse=auto_unmount" },
};

static const struct {
	const char *line, *words;
} FILE_WRONG[] = {
	{ "bad /m", "/tmp/describefs-config-test/user:17: unknown name tl: did you mean ttl?" },
	{ "worse /m", "user:20: ttl=often: expected a time: a number of seconds" },
	{ "far /m", "mountpoint: expected an absolute path" },
	{ "empty /m", "user:23: [empty] names no source: add a line such as source =" },
	{ "twice /m", "user:26: source tione is named twice" },
	{ "perhaps /m", "user:29: secrets: expected yes or no" },
	{ "mine", "/tmp/describefs-config-test/user:30: [mine] has no mountpoint: add a line mountpoint = ~/DIRECTORY, or run describefs mine MOUNTPOINT" },
	{ "theirs", "machine:2: [theirs] has no mountpoint" },
	{ "wrok", "(the files have work, open, bad, worse, far, empty, twice, perhaps, mine, again, theirs)" },
	{ "again /m", "user:35: ttl occurs twice: remove one" },
};

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void a_word_that_the_files_explain(void **state)
{
	(void)state;
	mkdir("/tmp/describefs-config-test", 0700);
	write_file(PLACES.user, USER);
	write_file(PLACES.machine, MACHINE);
	for (size_t i = 0; i < sizeof FILE_RIGHT / sizeof *FILE_RIGHT; i++)
		assert_right(FILE_RIGHT[i].line, FILE_RIGHT[i].result);
	for (size_t i = 0; i < sizeof FILE_WRONG / sizeof *FILE_WRONG; i++)
		assert_wrong(FILE_WRONG[i].line, FILE_WRONG[i].words);
	write_file(PLACES.user, "[work\n");
	assert_wrong("tione /m", "/tmp/describefs-config-test/user:1: a section");
	unlink(PLACES.user);
	assert_right("theirs /m", "mount catalog=qianfan at=/m deadline=7000");
	assert_int_equal(mkdir(PLACES.user, 0700), 0);
	assert_wrong("tione /m", PLACES.user);
	rmdir(PLACES.user);
	unlink(PLACES.machine);
	rmdir("/tmp/describefs-config-test");
}

static void relative_paths_are_made_absolute(void **state)
{
	(void)state;
	struct config config;
	struct buf why;
	buf_init(&why, 1000);
	char before[4096];
	assert_non_null(getcwd(before, sizeof before));
	assert_int_equal(chdir("/dev"), 0);
	assert_int_equal(parse(&config, "tione mnt -o cacert=nowhere", &why), 1);
	assert_string_equal(config.mount.point, "/dev/mnt");
	assert_string_equal(config.network.cacert, "/dev/nowhere");
	buf_release(&why);
	config_release(&config);
	assert_int_equal(chdir(before), 0);
}

static void what_ps_shows_of_a_proxy(void **state)
{
	static const char *const WORDS[][2] = {
		{ "proxy=http://u:p@h:1", "proxy=http://***@h:1" }, { "proxy=http://h:1", "proxy=http://h:1" },
		{ "ttl=1,proxy=https://u:p\\,@q@h,pin=a/b@c", "ttl=1,proxy=https://*******@h,pin=a/b@c" },
		{ "proxy=http://u:p@h,proxy=http://v:q@h", "proxy=http://***@h,proxy=http://***@h" },
		{ "-oproxy=http://u:p@h", "-oproxy=http://***@h" }, { "proxy=", "proxy=" }, { "tione@work", "tione@work" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
		char *word = xstrdup(WORDS[i][0]);
		proxy_hide(word);
		assert_string_equal(word, WORDS[i][1]);
		free(word);
	}
}

static void a_cacert_that_cannot_be_read_is_said_early(void **state)
{
	(void)state;
	struct config config;
	struct buf why;
	buf_init(&why, 1000);
	assert_int_equal(parse(&config, "tione /m -o cacert=/nonexistent.pem", &why), 1);
	assert_string_equal(why.data, "cacert=/nonexistent.pem: No such file or directory");
	config_release(&config);
	buf_release(&why);
}

static void assert_cacert(const char *text, size_t len, mode_t mode, const char *words)
{
	struct config config;
	struct buf why;
	char line[200], path[] = "/tmp/describefs-cacert-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	snprintf(line, sizeof line, "tione /m -o cacert=%s", path);
	buf_init(&why, 1000);
	int status = parse(&config, line, &why);
	if (status != (words ? 1 : 0) || (words && !strstr(why.data, words)))
		fail_msg("%d %s", status, why.data);
	config_release(&config);
	buf_release(&why);
	unlink(path);
}

/* Of a key made for this test and thrown away. */
#define CERTIFICATE \
	"-----BEGIN CERTIFICATE-----\n" \
	"MIIBdDCCARugAwIBAgIUcDjPhscTJbyY00az4KfbOlFrKsEwCgYIKoZIzj0EAwIw\n" \
	"DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMzAwOTI0MDBaGA8yMTI2MTEwNjA5MjQw\n" \
	"MFowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABG4E\n" \
	"U/GQE3GYELQYdDHRRfvUg8nWhwowK+5MMi8+npLGrlSnMX8HLPCbBF2qFNN0zjr8\n" \
	"hl7rp/JzDLoWi+0JyCijUzBRMB0GA1UdDgQWBBTmoruZNMJBD0Zm4BzQ9+JTe0jh\n" \
	"ejAfBgNVHSMEGDAWgBTmoruZNMJBD0Zm4BzQ9+JTe0jhejAPBgNVHRMBAf8EBTAD\n" \
	"AQH/MAoGCCqGSM49BAMCA0cAMEQCIG11w021l/KRl7dblX/waNz+3RfyLTfh8hUg\n" \
	"zlomDSEIAiAvTVNrKpH3cayFZ4ChdhTS8n21oyIwYLn4Obezd6+yGg==\n" \
	"-----END CERTIFICATE-----\n"

static void a_cacert_without_a_certificate_is_said_early(void **state)
{
	(void)state;
	static const char WHOLE[] = "a comment\r\n" CERTIFICATE, DER[] = "\x30\x82\x01\x00\x00";
	assert_cacert(WHOLE, sizeof WHOLE - 1, 0644, NULL);
	assert_cacert(WHOLE, sizeof WHOLE - 1, 0666, "other users can write to it: chmod go-w");
	assert_cacert(WHOLE, 100, 0600, "holds no PEM certificate");
	assert_cacert("", 0, 0600, "holds no PEM certificate");
	assert_cacert("no certificate\n", 15, 0600, "holds no PEM certificate");
	assert_cacert("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", 57, 0600, "holds no PEM certificate");
	assert_cacert(DER, sizeof DER, 0600, "openssl x509 -inform der");
}

static void a_word_that_is_too_long_to_quote(void **state)
{
	(void)state;
	struct config config;
	struct buf why;
	buf_init(&why, 100);
	char line[4000] = "tione /m -o ";
	memset(line + 12, 'x', sizeof line - 13);
	line[sizeof line - 1] = '\0';
	assert_int_equal(parse(&config, line, &why), 2);
	assert_true(why.len > 0);
	config_release(&config);
	buf_release(&why);
}

static void assert_fits_a_terminal(const char *text)
{
	size_t lines = 0;

	for (const char *at = text; *at; lines++) {
		size_t len = strcspn(at, "\n");
		assert_true(len <= 80);
		assert_int_equal(at[len], '\n');
		at += len + 1;
	}
	assert_true(lines > 2 && lines <= 60);
}

static void assert_help(enum verb verb, const char *const *words, size_t n)
{
	struct buf text;

	buf_init(&text, 1 << 16);
	config_help(verb, &text);
	assert_fits_a_terminal(text.data);
	for (size_t i = 0; i < n; i++)
		assert_non_null(strstr(text.data, words[i]));
	buf_release(&text);
}

static void the_help_fits_a_terminal(void **state)
{
	static const char *const WORDS[] = { "endpoint=", "deadline=", "ttl=", "stale=", "rate=", "pin=", "cacert=",
		"names=", "secrets", "max_memory=", "allow_other", "uid=", "umask=", "Exit status" };

	(void)state;
	assert_help(VERB_HELP, WORDS, sizeof WORDS / sizeof *WORDS);
	for (enum verb verb = VERB_MOUNT; verb <= VERB_VERSION; verb++)
		assert_help(VERB_HELP, &config_verb_row(verb)->word, 1);
}

static void the_help_of_a_verb_has_what_it_takes(void **state)
{
	static const char *const MOUNT[] = { "Usage: describefs [OPTION]... SOURCE... MOUNTPOINT", "-f ", "-d ", "-o ",
		" ttl", " allow_other", " noatime" };
	static const char *const LS[] = { "Usage: describefs ls", "-l ", " ttl", " names" };
	struct buf text;

	(void)state;
	assert_help(VERB_MOUNT, MOUNT, sizeof MOUNT / sizeof *MOUNT);
	assert_help(VERB_LS, LS, sizeof LS / sizeof *LS);
	for (enum verb verb = VERB_MOUNT; verb <= VERB_VERSION; verb++)
		assert_help(verb, NULL, 0);
	buf_init(&text, 1 << 16);
	config_help(VERB_LS, &text);
	assert_null(strstr(text.data, "allow_other"));
	assert_null(strstr(text.data, "-f "));
	buf_clear(&text);
	config_help(VERB_KINDS, &text);
	assert_non_null(strstr(text.data, " endpoint"));
	assert_null(strstr(text.data, "ttl"));
	buf_release(&text);
}

/* Catalogs */

struct directory {
	char path[64];
	struct catalogs catalogs;
	struct texts mistakes;
};

static int setup(void **state)
{
	struct directory *directory = calloc(1, sizeof *directory);
	strcpy(directory->path, "/tmp/describefs-catalogs-XXXXXX");
	assert_non_null(mkdtemp(directory->path));
	catalogs_init(&directory->catalogs);
	*state = directory;
	return 0;
}

static int teardown(void **state)
{
	struct directory *directory = *state;
	char command[128];
	snprintf(command, sizeof command, "rm -rf %s", directory->path);
	assert_int_equal(system(command), 0);
	catalogs_release(&directory->catalogs);
	texts_release(&directory->mistakes);
	free(directory);
	return 0;
}

static void put(const struct directory *directory, const char *name, const char *text)
{
	char path[256];
	snprintf(path, sizeof path, "%s/%s", directory->path, name);
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static const struct config_places no_places = { .invoker = -1 };

static bool load(struct directory *directory)
{
	texts_release(&directory->mistakes);
	config_load_catalogs(&directory->catalogs, &no_places, directory->path, &directory->mistakes);
	return directory->mistakes.n == 0;
}

static void a_directory_that_is_not_there_is_fine(void **state)
{
	struct directory *directory = *state;
	config_load_catalogs(&directory->catalogs, &no_places, "/nonexistent/catalog", &directory->mistakes);
	config_load_catalogs(&directory->catalogs, &no_places, "/dev/null/catalog", &directory->mistakes);
	assert_true(load(directory));
	assert_int_equal(directory->catalogs.n, 0);
}

/* Bad ones show the order; each is reported. */
static void files_are_read_in_the_order_of_their_names(void **state)
{
	struct directory *directory = *state;
	catalogs_load_built_in(&directory->catalogs); /* they come before files, which may change them */
	size_t n_built_in = directory->catalogs.n;
	put(directory, "z.json", "not JSON");
	put(directory, "b.json", "not JSON");
	put(directory, "c.json", "not JSON");
	put(directory, "a.txt", "not read");
	put(directory, ".a.json", "not read");
	put(directory, ".json", "not read");
	assert_false(load(directory));
	assert_int_equal(directory->mistakes.n, 3);
	assert_non_null(strstr(directory->mistakes.v[0], "/b.json"));
	assert_non_null(strstr(directory->mistakes.v[1], "/c.json"));
	assert_non_null(strstr(directory->mistakes.v[2], "/z.json"));
	assert_int_equal(directory->catalogs.n, n_built_in);
}

static void what_is_no_small_file_is_refused_by_name(void **state)
{
	struct directory *directory = *state;
	char path[256];
	snprintf(path, sizeof path, "%s/x.json", directory->path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(load(directory));
	assert_non_null(strstr(directory->mistakes.v[0], "x.json: not a regular file"));
	unlink(path);
	put(directory, "x.json", "{}");
	assert_int_equal(truncate(path, (1 << 20) + 1), 0);
	assert_false(load(directory));
	assert_non_null(strstr(directory->mistakes.v[0], "x.json: File too large"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static int remove_files(void **state)
{
	(void)state;
	unlink(PLACES.user); /* of a run that did not come to its end */
	unlink(PLACES.machine);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(command_lines_that_are_right),
		cmocka_unit_test(command_lines_that_are_wrong),
		cmocka_unit_test(a_word_that_the_files_explain),
		cmocka_unit_test(relative_paths_are_made_absolute),
		cmocka_unit_test(what_ps_shows_of_a_proxy),
		cmocka_unit_test(a_cacert_that_cannot_be_read_is_said_early),
		cmocka_unit_test(a_cacert_without_a_certificate_is_said_early),
		cmocka_unit_test(a_word_that_is_too_long_to_quote),
		cmocka_unit_test(the_help_fits_a_terminal),
		cmocka_unit_test(the_help_of_a_verb_has_what_it_takes),
		TEST(a_directory_that_is_not_there_is_fine),
		TEST(files_are_read_in_the_order_of_their_names),
		TEST(what_is_no_small_file_is_refused_by_name),
	};
	return cmocka_run_group_tests(tests, remove_files, NULL);
}

/*
 * config_cacert.c - checks a file of certificates before the mount.
 *
 * Without this check, a wrong file would show only at the first connection, as a TLS error.
 */
#include "options.h"

#include <errno.h>
#include <stdlib.h>

#include "base/digest.h"
#include "sys/read_file.h"

enum { CACERT_BYTES_MAX = 16 << 20 };

static void report_no_certificate(const char *path, struct buf *why)
{
	buf_printf(why,
		"cacert=%s: holds no PEM certificate (-----BEGIN CERTIFICATE-----); convert a DER file with "
		"openssl x509 -inform der -in FILE -out FILE.pem",
		path);
}

bool config_check_cacert(const char *path, int64_t invoker, struct buf *why)
{
	struct file_trust trust = { invoker, FILE_DECIDES };
	struct buf reason;
	size_t len;
	buf_init(&reason, 1 << 16);
	char *text = file_read_trusted(NULL, path, CACERT_BYTES_MAX, trust, &len, &reason);
	bool good = text && digest_is_certificate(text, len);
	if ((text && !good) || (!text && errno == EILSEQ))
		report_no_certificate(path, why);
	else if (!text)
		buf_printf(why, "cacert=%s", reason.data);
	free(text);
	buf_release(&reason);
	return good;
}

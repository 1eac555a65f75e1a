/*
 * hiding.c - refuses a mount that would hide files of the machine from this process.
 */
#include "net/hiding.h"

#include <stddef.h>

#include "net/http_client.h"

static const char *const FILES[] = {
	"/proc", /* mountinfo of our mount; the pending signals of a reader */
	"/dev/null", "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/lib", "/lib64",
	"/usr/lib", /* the modules of nsswitch.conf are loaded for the first name */
};

static bool hides(struct file_cover *cover, const char *path, struct buf *why)
{
	if (!path || !file_cover_meets(cover, path))
		return false;
	buf_printf(why,
		"%s, which this process reads while it is mounted, lies below it: mount on another "
		"directory",
		path);
	return true;
}

bool hiding_check(struct file_cover *cover, bool certificates, struct buf *why)
{
	for (size_t i = 0; i < sizeof(FILES) / sizeof(*FILES); i++)
		if (hides(cover, FILES[i], why))
			return false;
	return !certificates ||
		(!hides(cover, http_client_certificates_file(), why) &&
			!hides(cover, http_client_certificates_directory(), why));
}

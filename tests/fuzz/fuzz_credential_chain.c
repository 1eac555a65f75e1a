/*
 * fuzz_credential_chain.c - any text as the tools' files: a key that can go into a header, or one line that says what is wrong.
 *
 * The input: the text of PROFILE.credential, perhaps a line "--" and that of every other file: PROFILE.configure, the
 * SDKs' file, .env.  An empty one is not there.  No file is read: this program brings its own file_read.
 */
#include <errno.h>

#include "fuzz.h"

#include "auth/credential_chain.h"
#include "base/value.h"
#include "sys/read_file.h"

static const char SPLIT[] = "\n--\n";

static struct {
	const char *credential, *configure;
	size_t credential_len, configure_len;
} files;

char *file_read(const struct file_cover *cover, const char *path, size_t max, size_t *len, struct buf *why)
{
	(void)cover;
	bool credential = strstr(path, ".credential") != NULL;
	const char *from = credential && files.credential_len ? files.credential : NULL;
	if (!credential)
		from = files.configure;
	size_t size = credential ? files.credential_len : files.configure_len;

	if (!from || size > max) {
		errno = from ? EFBIG : ENOENT;
		buf_printf(why, "%s: %s", path, strerror(errno));
		return NULL;
	}
	char *bytes = xmalloc(size + 1);
	memcpy(bytes, from, size);
	bytes[size] = '\0';
	*len = size;
	const char *mistake = value_text(bytes, len);
	if (!mistake)
		return bytes;
	free(bytes);
	errno = EINVAL;
	buf_printf(why, "%s %s", path, mistake);
	return NULL;
}

uint64_t file_mark(const struct file_cover *cover, const char *path)
{
	(void)cover;
	(void)path;
	return 0;
}

void file_advise_home(const struct file_cover *cover, const char *home, const char *path, struct buf *why)
{
	(void)cover;
	(void)home;
	(void)path;
	(void)why;
}

bool file_is_there(const struct file_cover *cover, const char *path)
{
	(void)cover;
	(void)path;
	return false;
}

bool file_cover_meets(struct file_cover *cover, const char *path)
{
	(void)cover;
	(void)path;
	return false;
}

DIR *file_list(const struct file_cover *cover, const char *path)
{
	(void)cover;
	(void)path;
	return NULL;
}

char *file_read_trusted(const struct file_cover *cover, const char *path, size_t max, struct file_trust trust,
	size_t *len, struct buf *why)
{
	(void)trust;
	return file_read(cover, path, max, len, why);
}

static bool fits_a_header(const char *text)
{
	for (const char *at = text; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f || ((unsigned char)*at == 0xc0))
			return false;
	return *text && *text != ' ' && text[strlen(text) - 1] != ' ';
}

static void check(const struct credential_chain *chain, const char *cloud, const char *profile)
{
	char was_id[] = "was", was_secret[] = "before";
	struct credential_source found = { 0 }, was = { .key = { .id = was_id, .secret = was_secret } };
	const struct credentials *key = &found.key;
	struct buf where, region;

	credential_source_copy(&found, &was);
	buf_init(&where, 4096);
	buf_init(&region, 4096);
	if (credential_chain_load(chain, cloud, profile, &found, NULL, &where) == LOOKUP_FOUND) {
		CHECK(found.where && fuzz_is_printable(found.where) && !where.len);
		CHECK(found.kind == CREDENTIAL_SOURCE_MACHINE || (fits_a_header(key->id) && fits_a_header(key->secret)));
		CHECK(!key->token || fits_a_header(key->token));
		CHECK(found.kind == CREDENTIAL_SOURCE_MACHINE || strlen(key->secret) < 8 || !strstr(found.where, key->secret));
		CHECK(found.kind != CREDENTIAL_SOURCE_ROLE || (*found.role && *found.session));
	} else {
		CHECK(!strcmp(key->id, "was") && !strcmp(key->secret, "before") && !key->token);
		CHECK(where.len > 0 && fuzz_is_printable(where.data));
	}
	buf_clear(&where);
	if (credential_chain_region(chain, cloud, profile, &region, &where))
		CHECK(!where.len && (!region.len || fits_a_header(region.data)));
	else
		CHECK(where.len && fuzz_is_printable(where.data));
	buf_release(&region);
	buf_release(&where);
	credential_source_release(&found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *second = memmem(data, size, SPLIT, sizeof(SPLIT) - 1);
	const uint8_t *end = second ? second : data + size;

	files.credential = (const char *)data;
	files.credential_len = (size_t)(end - data);
	files.configure = second ? (const char *)second + sizeof(SPLIT) - 1 : NULL;
	files.configure_len = second ? size - files.credential_len - (sizeof(SPLIT) - 1) : 0;
	unsetenv("TENCENTCLOUD_SECRET_ID");
	unsetenv("TENCENTCLOUD_REGION");
	setenv("HOME", "/home/x", 1);
	struct credential_chain *chain = credential_chain_new();
	check(chain, "tencent", NULL);
	check(chain, "tencent", "work");
	check(chain, "baidu", NULL);
	credential_chain_free(chain);
	return 0;
}

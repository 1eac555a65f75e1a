/*
 * replay.c - hands a harness each file of its corpus, without a fuzzer: what was found once stays found.
 *
 * Each argument is a file or a directory of files; an input comes in an allocation of its own size, so that a read
 * past its end is seen.  The harness breaks by itself; whoever comes to the end has passed.
 */
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "fuzz.h"

static size_t replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct stat status;

	if (!file || fstat(fileno(file), &status) < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(1);
	}
	size_t size = (size_t)status.st_size;
	uint8_t *bytes = malloc(size ? size : 1);
	if (!bytes || fread(bytes, 1, size, file) != size) {
		fprintf(stderr, "%s: cannot be read\n", path);
		exit(1);
	}
	fclose(file);
	/* before it runs: if it breaks, the last line names it */
	fprintf(stderr, "%s\n", path);
	LLVMFuzzerTestOneInput(bytes, size);
	free(bytes);
	return 1;
}

static size_t replay(const char *path)
{
	DIR *directory = opendir(path);
	size_t n = 0;

	if (!directory)
		return replay_file(path);
	for (const struct dirent *entry; (entry = readdir(directory));) {
		struct buf inner;
		if (entry->d_name[0] == '.')
			continue;
		buf_init(&inner, 4096);
		buf_printf(&inner, "%s/%s", path, entry->d_name);
		n += replay(inner.data);
		buf_release(&inner);
	}
	closedir(directory);
	return n;
}

int main(int argc, char *argv[])
{
	size_t n = 0;

	setenv("CMOCKA_TEST_ABORT", "1", 1); /* an assertion of the engine's kit breaks as ours do */
	/* none at all, and nothing at all */
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	for (int i = 1; i < argc; i++)
		n += replay(argv[i]);
	printf("%s: %zu inputs, %s\n", argv[0], n, n ? "1 passed" : "1 failed: the corpus is empty");
	return n ? 0 : 1;
}

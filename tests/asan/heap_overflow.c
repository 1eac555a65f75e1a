/* Must die under the tests' own flags: AddressSanitizer is on.  Built and run by tests/e2e/cli/test_harness.py. */
#include <stdlib.h>

int main(int argc, char **argv)
{
	volatile char *bytes = malloc((size_t)argc + 9);

	(void)argv;
	bytes[argc + 9] = 1;
	free((void *)bytes);
	return 0;
}

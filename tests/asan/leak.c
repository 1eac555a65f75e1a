/* Must die under the tests' own flags: leaks are looked for at the end, also in a process that is not dumpable. */
#include <stdlib.h>
#include <sys/prctl.h>

static void leak(void)
{
	volatile char *bytes = malloc(1000);

	bytes[0] = 1;
	bytes = NULL;
}

int main(void)
{
	prctl(PR_SET_DUMPABLE, 0);
	leak();
	return 0;
}

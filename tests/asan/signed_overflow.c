/* Must die under the tests' own flags: UndefinedBehaviorSanitizer is on, and does not go on after a report. */
#include <limits.h>

int main(int argc, char **argv)
{
	volatile int big = INT_MAX;

	(void)argv;
	big = big + argc;
	return 0;
}

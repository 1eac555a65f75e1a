/*
 * askers.c TIMES PATH... - asks for so many refreshes of the paths in turn, all at once; prints how many were done, how
 * many were refused because the path was refreshed a moment ago, and one of the errnos of the others.
 */
#include "fuse/refresh_request.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

struct asker {
	pthread_t thread;
	int fd, error;
	struct refresh_request request;
};

static void *ask(void *arg)
{
	struct asker *asker = arg;

	asker->error = ioctl(asker->fd, REFRESH_IOCTL, &asker->request) < 0 ? errno : 0;
	return NULL;
}

int main(int argc, char *argv[])
{
	int times = atoi(argv[1]), n_paths = argc - 2, done = 0, soon = 0, error = 0;
	struct asker *askers = calloc((size_t)times, sizeof(*askers));

	for (int i = 0; i < times; i++)
		askers[i].fd = i < n_paths ? open(argv[2 + i], O_RDONLY) : askers[i % n_paths].fd;
	for (int i = 0; i < times; i++)
		if (pthread_create(&askers[i].thread, NULL, ask, &askers[i]))
			return 1;
	for (int i = 0; i < times; i++) {
		pthread_join(askers[i].thread, NULL);
		error = askers[i].error ? askers[i].error : error;
		soon += !askers[i].error && askers[i].request.wait_s;
		done += !askers[i].error && !askers[i].request.wait_s;
	}
	printf("%d %d %d\n", done, soon, error);
	return 0;
}

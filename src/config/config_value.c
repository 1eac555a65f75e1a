/*
 * config_value.c - the configuration as a value: its defaults, its release, and what can be asked of it.
 */
#include "options.h"

#include <stdlib.h>
#include <unistd.h>

void config_set_defaults(struct config *config)
{
	*config = (struct config){
		.verb = VERB_MOUNT,
		.limits = {
			.deadline_ms = 10000,
			.ttl_ms = -1,
			.stale_ms = 3600 * 1000,
			.max_memory = (size_t)256 << 20,
		},
		.mount = {
			.uid = -1,
			.gid = -1,
			.umask = -1,
		},
	};
}

bool config_is_owner(const struct config *config, unsigned uid)
{
	return !uid || uid == getuid() || (config->mount.uid >= 0 && uid == (uid_t)config->mount.uid);
}

void config_release(struct config *config)
{
	config_release_sources(config);
	free(config->files);
	free(config->section);
	texts_release(&config->mistakes);
	for (size_t i = 0; i < config->n_sections; i++)
		config_release(&config->sections[i]);
	free(config->sections);
	free(config->mount.point);
	free(config->network.endpoint);
	free(config->network.metadata);
	free(config->network.sts);
	free(config->network.cacert);
	proxy_release(&config->network.proxy);
	texts_release(&config->paths);
	texts_release(&config->tree.pins);
	texts_release(&config->mount.options);
	*config = (struct config){ 0 };
}

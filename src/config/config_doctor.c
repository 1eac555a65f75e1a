/*
 * config_doctor.c - reads the config files for doctor: every mount that they name, and every mistake.
 */
#include "options.h"

#include <stdlib.h>
#include <string.h>

/* Lines before the first section are applied with each section; a mistake in them is noted once. */
static void note_mistake(struct config *config, struct buf *why)
{
	char *text = buf_take(why);

	if (texts_have(&config->mistakes, text))
		free(text);
	else
		texts_add(&config->mistakes, text);
}

bool config_tolerates_mistake(struct config *config, struct buf *why)
{
	if (config->verb == VERB_DOCTOR)
		note_mistake(config, why);
	return config->verb == VERB_DOCTOR;
}

static void read_section(struct config *config, const struct config_files *files, const char *section,
	const char *const *lists, size_t n)
{
	struct config own;
	struct buf why;

	config_set_defaults(&own);
	buf_init(&why, 4096);
	bool good = config_files_apply(files, section, &own, &why);
	for (size_t i = 0; good && i < n; i++)
		good = options_take(&own, lists[i], &why);
	if (!good)
		note_mistake(config, &why);
	buf_release(&why);
	if (!good || config->n_sources) {
		config_release(&own);
		return;
	}
	own.section = xstrdup(section);
	config->sections = xrealloc(config->sections, (config->n_sections + 1) * sizeof *config->sections);
	config->sections[config->n_sections++] = own;
}

void config_read_sections(struct config *config, const struct config_files *files, const char *const *lists,
	size_t n)
{
	struct texts sections = { 0 };

	config_files_list(files, &sections);
	for (size_t i = 0; i < sections.n; i++)
		read_section(config, files, sections.v[i], lists, n);
	texts_release(&sections);
}

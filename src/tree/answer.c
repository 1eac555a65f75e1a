/*
 * answer.c - what several records share of one answer, counted by references: its provenance, the JSON text
 * of one resource, and the reading that a page of a list belongs to.
 */
#include "cache.h"

#include <stdlib.h>
#include <string.h>

/* ---- readings ---- */

static struct reading *reading_get(struct reading *reading)
{
	if (reading)
		reading->refs++;
	return reading;
}

void reading_put(struct reading *reading)
{
	if (reading && --reading->refs == 0)
		free(reading);
}

/* ---- provenance ---- */

struct provenance *provenance_new(const struct provenance_note *note)
{
	struct provenance *provenance = xcalloc(1, sizeof(*provenance));

	provenance->refs = 1;
	provenance->sent_ms = note->sent_ms;
	provenance->received_ms = note->received_ms;
	provenance->received_s = note->received_s;
	provenance->action = note->action;
	provenance->reading = reading_get(note->reading);
	error_note_copy(provenance->request_id, sizeof(provenance->request_id),
		note->request_id ? note->request_id : "");
	return provenance;
}

struct provenance *provenance_get(struct provenance *provenance)
{
	provenance->refs++;
	return provenance;
}

void provenance_put(struct provenance *provenance)
{
	if (!provenance || --provenance->refs)
		return;
	reading_put(provenance->reading);
	free(provenance);
}

/* ---- texts ---- */

static size_t text_size(const struct text *text)
{
	return offsetof(struct text, bytes) + text->len;
}

struct text *text_new(struct tree *tree, const struct buf *bytes)
{
	struct text *text = xmalloc(offsetof(struct text, bytes) + bytes->len);

	text->refs = 1;
	text->len = (uint32_t)bytes->len;
	memcpy(text->bytes, bytes->data, bytes->len);
	tree->memory += text_size(text);
	tree->answers += text_size(text);
	return text;
}

struct text *text_get(struct text *text)
{
	if (text)
		text->refs++;
	return text;
}

void text_put(struct tree *tree, struct text *text)
{
	if (!text || --text->refs)
		return;
	tree->memory -= text_size(text);
	tree->answers -= text_size(text);
	free(text);
}

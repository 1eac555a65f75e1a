/*
 * table.c - KIND/.table.tsv: a listing as a table, made from the list's items alone.
 *
 * The first line names the columns: the id, the name that people give it, the status, the times, then the
 * columns of the catalog's row. Then follows one line for each resource, in the listing's order. The table is
 * a file like any other: an open one keeps its content, and a changed listing gives the name another node id.
 * It is made at its lookup, and freed when the kernel forgets it.
 */
#include "views.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/name.h"
#include "base/shown.h"

static const char HIDDEN[] = "<hidden>";

struct column {
	const char *path; /* members, as in "ResourceConf.Gpu"; NULL: the id */
	const char *head; /* NULL: the file's name */
	size_t len; /* of the path's first member */
	bool secret;
	const char *guess; /* the name by which it is guessed to be secret; NULL: it is not guessed */
	struct json_slice value; /* of the first member, in the current row */
};

struct table_writer {
	const struct kind *kind;
	bool api_names, secrets;
	bool shows_secret; /* because of -o secrets */
	struct column *columns;
	size_t n;
	int64_t mtime_s;
	struct buf out, raw;
};

/* ---- columns ---- */

/*
 * Whether the path leads to a secret. *guess: the last name of the path, if only that name says so (then the
 * type of the value decides, too); else NULL.
 */
static bool is_secret(const struct kind *kind, const char *path, const char **guess)
{
	const struct type *type = kind->type;
	bool secret = false;

	*guess = NULL;
	while (*path && !secret) {
		size_t len = strcspn(path, ".");
		char *member = xstrndup(path, len);
		const struct member_rule *rule = type_member(type, member);

		secret = member_is_secret(rule, member, JSON_OBJECT);
		free(member);
		if (secret && !rule && !path[len])
			*guess = path;
		path += len + (path[len] == '.');
		type = rule ? rule->of : NULL;
	}
	return secret;
}

static enum json_type type_of(struct json_slice value)
{
	char first = value.len ? *value.text : 'n';

	if (first == 't' || first == 'f')
		return JSON_BOOLEAN;
	return first == '-' || ascii_is_digit(first) ? JSON_NUMBER : JSON_STRING;
}

static void add_column(struct table_writer *table, const char *path, const char *head)
{
	if (!path && !head)
		return;
	for (size_t i = 0; path && i < table->n; i++)
		if (table->columns[i].path && !strcmp(table->columns[i].path, path))
			return;
	const char *guess = NULL;
	bool secret = path && is_secret(table->kind, path, &guess);
	table->shows_secret |= secret && table->secrets;
	table->columns[table->n++] = (struct column){ .path = path,
		.head = head,
		.len = path ? strcspn(path, ".") : 0,
		.secret = secret && !table->secrets,
		.guess = guess };
}

static void choose_columns(struct table_writer *table)
{
	const struct kind *kind = table->kind;

	table->columns = xcalloc(3 + kind->times.n + kind->columns.n, sizeof(*table->columns));
	add_column(table, NULL, "id");
	if (kind->label)
		add_column(table, kind->label, "name");
	if (kind->status.member)
		add_column(table, kind->status.member, "status");
	for (size_t i = 0; i < kind->times.n; i++)
		add_column(table, kind->times.v[i], NULL);
	for (size_t i = 0; i < kind->columns.n; i++)
		add_column(table, kind->columns.v[i], NULL);
}

/* Adds the path of the member's file, as in resource_conf/gpu_type. */
static void put_head(struct table_writer *table, const char *path)
{
	bool first = true;

	while (*path) {
		size_t len = strcspn(path, ".");
		char *member = xstrndup(path, len);

		if (!first)
			buf_putc(&table->out, '/');
		if (first)
			kind_member_name(table->kind, member, table->api_names, &table->out);
		else if (table->api_names)
			buf_puts(&table->out, member);
		else
			name_snake(&table->out, member);
		free(member);
		first = false;
		path += len + (path[len] == '.');
	}
}

/* ---- cells ---- */

/* Escapes what would end a cell or a line, and what would control a terminal. */
static void put_cell(struct buf *out, const char *text)
{
	while (*text) {
		size_t plain = strcspn(text, "\t\n\\");
		char *run = xstrndup(text, plain);

		shown_add(out, run, "");
		free(run);
		text += plain;
		if (!*text)
			break;
		buf_putc(out, '\\');
		buf_putc(out, *text == '\t' ? 't' : *text == '\n' ? 'n' : '\\');
		text++;
	}
}

/* Adds a value, or the values of an array, separated by commas. An object gives an empty cell. */
static void put_value(struct table_writer *table, struct json_slice value)
{
	struct json_cursor cursor = json_cursor_open(value);
	struct json_slice none, item;
	bool first = true;

	buf_clear(&table->raw);
	if (json_cursor_text(&table->raw, value)) {
		put_cell(&table->out, table->raw.data);
		return;
	}
	while (!cursor.named && json_cursor_next(&cursor, &none, &item)) {
		buf_clear(&table->raw);
		if (!first)
			buf_putc(&table->out, ',');
		if (json_cursor_text(&table->raw, item))
			put_cell(&table->out, table->raw.data);
		first = false;
	}
}

static bool is_nothing(struct json_slice value)
{
	return !value.len || *value.text == 'n' ||
		(value.len == 2 && *value.text != '0' &&
			(value.text[0] == '"' || value.text[0] == '[' || value.text[0] == '{'));
}

static void put_column(struct table_writer *table, const struct column *column,
	const struct resource *resource)
{
	if (!column->path) {
		put_cell(&table->out, resource->node.name);
		return;
	}
	const char *rest = column->path + column->len;
	struct json_slice value = json_cursor_get(column->value, *rest ? rest + 1 : "");
	bool hides = column->secret && !is_nothing(value) &&
		(!column->guess || member_is_secret(NULL, column->guess, type_of(value)));
	if (hides)
		buf_puts(&table->out, HIDDEN);
	else if (value.len)
		put_value(table, value);
}

/* Finds the values of all columns in one pass over the resource's text. */
static void find_values(struct table_writer *table, const struct resource *resource)
{
	struct json_cursor cursor = json_cursor_open(resource_json(resource));
	struct json_slice name, value;

	for (size_t i = 0; i < table->n; i++)
		table->columns[i].value.len = 0;
	while (cursor.named && json_cursor_next(&cursor, &name, &value))
		for (size_t i = 0; i < table->n; i++)
			if (table->columns[i].path && name.len == table->columns[i].len &&
				!memcmp(name.text, table->columns[i].path, name.len))
				table->columns[i].value = value;
}

static void put_row(struct table_writer *table, const struct resource *resource)
{
	const struct record *record = resource_newest(resource);

	find_values(table, resource);
	for (size_t i = 0; i < table->n; i++) {
		if (i)
			buf_putc(&table->out, '\t');
		put_column(table, &table->columns[i], resource);
	}
	buf_putc(&table->out, '\n');
	if (record && record->mtime_s > table->mtime_s)
		table->mtime_s = record->mtime_s;
}

static void put_heads(struct table_writer *table)
{
	for (size_t i = 0; i < table->n; i++) {
		if (i)
			buf_putc(&table->out, '\t');
		if (table->columns[i].head)
			buf_puts(&table->out, table->columns[i].head);
		else
			put_head(table, table->columns[i].path);
	}
	buf_putc(&table->out, '\n');
}

/* ---- the file ---- */

bool node_is_table(const struct node *node)
{
	return node->sort == NODE_TEXTS && node->parent->sort == NODE_LISTING;
}

bool table_is_held(const struct listing *listing)
{
	const struct resource *table = listing->derived ? listing->derived->table : NULL;

	const struct detail *detail = table ? table->detail : NULL;

	return detail &&
		(detail->n_versions > (detail->described.version ? 1 : 0) ||
			version_is_held(detail->described.version));
}

/* Makes the table from the listing as it is now. */
static enum error make(struct tree *tree, struct listing *listing, struct resource *resource)
{
	struct table_writer table = { .kind = listing->node.kind,
		.api_names = tree->options.api_names,
		.secrets = tree->options.secrets,
		.mtime_s = tree->options.catalog->date_s };
	struct provenance_note unasked = { .action = "" };
	const char *name = TABLE_NAME;
	struct buf path;

	buf_init(&table.out, TABLE_BYTES_MAX);
	buf_init(&table.raw, JSON_BYTES_MAX);
	buf_init(&path, SIZE_MAX);
	choose_columns(&table);
	put_heads(&table);
	for (size_t i = 0; i < listing->members.n; i++)
		if (listing_shows(listing, listing->members.v[i]))
			put_row(&table, listing->members.v[i]);
	bool full = table.out.full;
	if (!full) {
		struct provenance *listed = listing->state.provenance;
		struct provenance *provenance = listed ? provenance_get(listed) : provenance_new(&unasked);
		node_path(&resource->node, &path);
		struct snapshot *made = snapshot_of_texts(path.data, &name, &table.out, 1, table.mtime_s,
			table.shows_secret, tree->options.key);
		record_set(tree, resource, &resource_detail(tree, resource)->described, made, NULL,
			provenance, listing->state.expires_ms);
		provenance_put(provenance);
	}
	buf_release(&path);
	buf_release(&table.raw);
	buf_release(&table.out);
	free(table.columns);
	return full ? ERR_TOO_BIG : ERR_NONE;
}

/*
 * Whether one more table may be made: each table that a reader has open stays in memory until it is closed.
 */
static bool has_room(const struct resource *table, struct query_time query)
{
	unsigned n = table->detail ? table->detail->n_versions : 0;

	return n < (query.by_other ? TABLES_OTHERS_MAX : TABLES_MAX);
}

struct reply table_lookup(struct tree *tree, struct listing *listing, struct query_time query)
{
	struct reply reply = listing_open(tree, listing, query);
	enum error error = ERR_NONE;

	if (reply.outcome != RESULT_FOUND)
		return reply;
	struct derived *derived = listing_derived(tree, listing);
	if (!derived->table)
		derived->table = as_resource(node_new(tree, NODE_TEXTS, &listing->node, "", NULL));
	struct resource *table = derived->table;
	if (!resource_described(table)->version || derived->table_changes != listing->members.changes)
		error = has_room(table, query) ? make(tree, listing, table) : ERR_QUEUE;
	else if (listing->state.provenance)
		record_renew(&table->detail->described, listing->state.provenance, listing->state.expires_ms);
	if (error)
		return (struct reply){ .outcome = RESULT_FAILED, .error = error };
	derived->table_changes = listing->members.changes;
	struct version *version = table->detail->described.version;
	return (struct reply){ .outcome = RESULT_FOUND,
		.entry = inner_entry(tree, version, 1, listing_left_ms(tree, listing, query)) };
}

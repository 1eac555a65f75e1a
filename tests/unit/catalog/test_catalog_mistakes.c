/*
 * test_catalog_mistakes.c - a file with a mistake is refused whole: with file, place and reason.
 */
#include "catalog_kit.h"

/* Quotes are written ' here, in files and in reasons. */
static void quote(char *text)
{
	for (char *at = text; (at = strchr(at, '\''));)
		*at = '"';
}

static void put(struct buf *out, const char *text)
{
	buf_printf(out, "%s|", text ? text : "-");
}

static void put_action(struct buf *out, const struct action *action)
{
	const char *const texts[] = { action->name, action->path, action->params, action->id,
		action->parent, action->items, action->paging.offset, action->paging.limit, action->paging.total,
		action->paging.marker, action->paging.next, action->paging.more };
	for (size_t i = 0; i < COUNT(texts); i++)
		put(out, texts[i]);
	buf_printf(out, "%d %d %d %d %g\n", action->bare, action->numbers, (int)action->paging.style,
		action->paging.page_size, action->rate);
}

static void put_kind(struct buf *out, const struct kind *kind)
{
	const char *const texts[] = { kind->name, kind->about, kind->id.member, kind->id.parent,
		kind->id.form, kind->status.member, kind->names.strip };
	buf_printf(out, "%p %p %p %p ", (const void *)kind, (const void *)kind->parent,
		(const void *)kind->type, (const void *)kind->catalog);
	for (size_t i = 0; i < COUNT(texts); i++)
		put(out, texts[i]);
	put_action(out, &kind->list);
	put_action(out, &kind->describe);
	for (size_t i = 0; i < kind->harvests.n; i++) {
		put_action(out, &kind->harvests.v[i].list);
		put(out, kind->harvests.v[i].ids);
	}
	for (size_t i = 0; i < kind->status.terminal.n; i++)
		put(out, kind->status.terminal.v[i]);
	for (size_t i = 0; i < kind->times.n; i++)
		put(out, kind->times.v[i]);
	for (size_t i = 0; i < kind->names.n_renames; i++)
		buf_printf(out, "%s=%s|", kind->names.renames[i].member, kind->names.renames[i].name);
	for (const struct kind **child = kind->children; *child; child++)
		buf_printf(out, "%p ", (const void *)*child);
	buf_printf(out, "%d %d %d %d %d %d\n", kind->partial, kind->list_is_detail,
		kind->ttl.live_s, kind->ttl.terminal_s, kind->ttl.list_s, kind->ttl.miss_s);
}

static void put_type(struct buf *out, const struct type *type)
{
	buf_printf(out, "%p %s:", (const void *)type, type->name);
	for (size_t i = 0; i < type->n_members; i++) {
		const struct member_rule *rule = &type->members[i];
		buf_printf(out, " %s %d %p %d%d ", rule->name, (int)rule->shape,
			(const void *)rule->of, rule->secret, rule->list_only);
		put(out, rule->map_key);
		put(out, rule->map_value);
	}
	buf_putc(out, '\n');
}

/* All that can be seen of the catalogs, addresses too. */
static char *picture(const struct catalogs *catalogs)
{
	struct buf out;
	buf_init(&out, 1 << 20);
	for (size_t c = 0; c < catalogs->n; c++) {
		const struct catalog *catalog = catalogs->v[c];
		const char *const texts[] = { catalog->name, catalog->about, catalog->cloud,
			catalog->service, catalog->version, catalog->endpoint, catalog->region };
		for (size_t i = 0; i < COUNT(texts); i++)
			put(&out, texts[i]);
		buf_printf(&out, "%lld %g %d %d %d %d\n", (long long)catalog->date_s,
			catalog->rate, catalog->ttl.live_s, catalog->ttl.terminal_s,
			catalog->ttl.list_s, catalog->ttl.miss_s);
		for (size_t i = 0; i < catalog->n_kinds; i++)
			put_kind(&out, catalog->kinds[i]);
		for (size_t i = 0; i < catalog->n_types; i++)
			put_type(&out, catalog->types[i]);
	}
	assert_false(out.full);
	return buf_take(&out);
}

/* A kind of tione that is right but for what stands in `members`. */
#define KIND(members) "{'catalog':'tione','kinds':[{'name':'k','id':'Id'," \
	"'id_form':'x'," members "}]}"
#define TASK(members) KIND("'partial':true,'type':'TrainingTaskDetail'," members)
#define LIST(members) KIND("'list':{'action':'L','items':'I'," members "}")
#define DESCRIBE(members) KIND("'partial':true,'describe':{'action':'D'," members "}")
#define HARVEST(members) KIND("'partial':true,'harvest':[{'action':'H'," members "}]")
#define TYPES(types) "{'catalog':'tione','types':{" types "}}"
#define HEAD(members) "{'catalog':'new'," members "}"
#define NEW(cloud, endpoint, date) HEAD("'cloud':'" cloud "','endpoint':'" endpoint "'," \
	"'service':'s','version':'1','date':'" date "','kinds':[]")
#define BAIDU(members) HEAD("'cloud':'baidu','endpoint':'https://h'," \
	"'date':'2000-01-01','kinds':[{'name':'k','id':'id','id_form':'x'," \
	"'list':{'action':'L','items':'I'," members "}}]")

#define E1 "\xc3\xa9"
#define E5 E1 E1 E1 E1 E1
#define E10 E5 E5
#define E40 E10 E10 E10 E10
#define E60 E40 E10 E10

static const struct bad {
	const char *text, *why;
} BAD[] = {
	/* the file */
	{ "", "not JSON (jq . FILE says in which line)" },
	{ "{'catalog':'tione'", "not JSON (jq . FILE says in which line)" },
	{ "[]", "must be of type object, not array" },
	{ "{}", "catalog: missing" },
	{ "{'catalog':7}", "catalog: must be of type string, not number" },
	{ "{'catalog':'A b'}", "catalog: 'A b' is not a name of a-z, 0-9, _ and - that "
		"begins with a letter" },
	/* what is quoted is cut between two characters, and cannot act on a terminal */
	{ "{'catalog':'" E60 E60 "'}", "catalog: '" E40 E10 E5 E1 E1 "... is not a name of a-z, 0-9, _ and - "
		"that begins with a letter" },
	{ "{'catalog':'x" E60 E60 "'}", "catalog: 'x" E40 E10 E5 E1 E1 "... is not a name of a-z, 0-9, _ and - "
		"that begins with a letter" },
	{ "{'catalog':'a\xc2\x9b'}", "catalog: 'a\\u009b' is not a name of a-z, 0-9, _ and - "
		"that begins with a letter" },
	{ "{'catalog':'tione','kind':[]}",
		"kind: unknown member; did you mean kinds?" },
	{ "{'catalog':'tione','zzzzzzzz':[]}", "zzzzzzzz: unknown member" },
	{ "{'catalog':'tione','a\\nb':1}", "a%0Ab: unknown member" },
	{ "{'catalog':'tione','rate':1,'rate':2}", "rate: occurs twice: remove one" },
	/* the head */
	{ "{'catalog':'tione','kinds':{}}",
		"kinds: must be of type array, not object" },
	{ "{'catalog':'tione','types':[]}",
		"types: must be of type object, not array" },
	{ "{'catalog':'tione','cloud':'baidu'}",
		"cloud: a catalog cannot change its cloud" },
	{ "{'catalog':'tione','rate':0}",
		"rate: must be over 0 and at most 100000" },
	{ "{'catalog':'tione','rate':'20'}",
		"rate: must be of type number, not string" },
	{ "{'catalog':'tione','ttl':{'live':-1}}",
		"ttl.live: must be a whole number from 0 to 31622400" },
	{ "{'catalog':'tione','ttl':{'live':1.5}}",
		"ttl.live: must be a whole number from 0 to 31622400" },
	{ "{'catalog':'tione','ttl':{'lists':1}}",
		"ttl.lists: unknown member; did you mean list?" },
	{ "{'catalog':'tione','about':'a\\nb'}",
		"about: 'a\\nb' is not one line of text" },
	{ HEAD("'kinds':[]"), "cloud: missing" },
	{ HEAD("'cloud':'baidu','kinds':[]"), "endpoint: missing" },
	{ HEAD("'cloud':'tencent','endpoint':'https://h','date':'2000-01-01','kinds':[]"),
		"service: missing" },
	{ HEAD("'cloud':'baidu','endpoint':'https://h','date':'2000-01-01'"),
		"kinds: missing" },
	{ NEW("azure", "https://h", "2000-01-01"),
		"cloud: 'azure' is not a cloud that is known: tencent, baidu" },
	{ NEW("tencent", "http://h", "2000-01-01"), "endpoint: 'http://h' is not "
		"https://HOST[:PORT] (or http:// to this machine), without a path" },
	{ NEW("tencent", "http://localhost.evil", "2000-01-01"), "endpoint: "
		"'http://localhost.evil' is not https://HOST[:PORT] (or http:// to this machine), "
		"without a path" },
	{ NEW("tencent", "https://h/", "2000-01-01"), "endpoint: 'https://h/' is not "
		"https://HOST[:PORT] (or http:// to this machine), without a path" },
	{ NEW("tencent", "https://h", "2000-13-01"), "date: must be a date, YYYY-MM-DD, 1980 or later" },
	{ NEW("tencent", "https://h", "1979-12-31"), "date: must be a date, YYYY-MM-DD, 1980 or later" },
	{ NEW("tencent", "https://h", "2000-1-1"), "date: must be a date, YYYY-MM-DD, 1980 or later" },
	/* kinds */
	{ "{'catalog':'tione','kinds':[7]}",
		"kinds[0]: must be of type object, not number" },
	{ "{'catalog':'tione','kinds':[{'id':'Id'}]}", "kinds[0].name: missing" },
	{ "{'catalog':'tione','kinds':[{'name':'k','id':'Id'}]}",
		"kinds[0] (k): id_form: missing" },
	{ "{'catalog':'tione','kinds':[{'name':'..'}]}", "kinds[0] (%2E.): name: "
		"'..' is not a name of a-z, 0-9, _ and - that begins with a letter" },
	{ KIND("'lst':{}"), "kinds[0] (k): lst: unknown member; did you mean list?" },
	{ KIND("'about':''"),
		"kinds[0] (k): list: missing (a kind without one says 'partial': true)" },
	{ KIND("'partial':1"),
		"kinds[0] (k): partial: must be of type boolean, not number" },
	{ KIND("'partial':true,'list_is_detail':true"),
		"kinds[0] (k): list_is_detail: only with a list" },
	{ KIND("'partial':true},{'name':'k','id':'a','id_form':'x','partial':true"),
		"kinds[1] (k): name: the file has this kind already" },
	{ "{'catalog':'tione','kinds':[{'name':'by-tag','id':'a','id_form':'x',"
		"'partial':true}]}", "kinds[0] (by-tag): name: the name of a view" },
	{ KIND("'partial':true,'parent':'modles'"),
		"kinds[0] (k): parent: no such kind before this one; did you mean models?" },
	{ KIND("'partial':true,'parent':'k'"),
		"kinds[0] (k): parent: no such kind before this one" },
	{ KIND("'partial':true,'parent':'training/versions'"),
		"kinds[0] (k): parent: no such kind before this one" },
	{ KIND("'partial':true},{'name':'k','id':'a','id_form':'x','partial':true,"
		"'parent':'models'},{'name':'k','id':'a','id_form':'x','partial':true,"
		"'parent':'training'},{'name':'k','id':'a','id_form':'x','partial':true,"
		"'parent':'models/k'},{'name':'z','parent':'k/'"),
		"kinds[4] (z): parent: no such kind before this one; did you mean k?" },
	{ "{'catalog':'qianfan','kinds':[{'name':'jobs','parent':'finetuning',"
		"'id':'a','id_form':'x','partial':true},{'name':'y','parent':'jobs'}]}",
		"kinds[1] (y): parent: 2 kinds have this name: write the path" },
	{ KIND("'partial':true,'parent_id':'a'"),
		"kinds[0] (k): parent_id: only of a kind with a parent" },
	{ KIND("'parent':'models','list':{'action':'L','items':'I'}"),
		"kinds[0] (k): list.parent: missing: the member that takes the parent's id" },
	{ KIND("'parent':'models','partial':true,'describe':{'action':'D','id':'I'}"),
		"kinds[0] (k): parent_id: missing: the member of a described resource that has its parent's id" },
	{ KIND("'partial':true,'terminal':['x']"),
		"kinds[0] (k): terminal: only of a kind with a status" },
	{ KIND("'partial':true,'times':['a',7]"),
		"kinds[0] (k): times[1]: must be of type string, not number" },
	{ KIND("'partial':true,'times':'a'"),
		"kinds[0] (k): times: must be of type array, not string" },
	{ KIND("'partial':true,'rename':{'A':'a/b'}"), "kinds[0] (k): rename.A: "
		"'a/b' is not a file name of a-z, 0-9 and _ that begins with a letter" },
	{ KIND("'partial':true,'rename':{'A':'a','A':'b'}"),
		"kinds[0] (k): rename.A: occurs twice: remove one" },
	{ KIND("'partial':true,'type':'NotebookDetails'"),
		"kinds[0] (k): type: no such type; did you mean NotebookDetail?" },
	{ KIND("'partial':true,'type':'NotebookDetail','status':'Statsu'"),
		"kinds[0] (k): status: the kind's type has no such member; did you mean Status?" },
	{ KIND("'partial':true,'type':'NotebookDetail','times':['EndTime','Strt']"),
		"kinds[0] (k): times[1]: the kind's type has no such member" },
	{ KIND("'partial':true,'type':'NotebookDetail','rename':{'Idd':'x'}"),
		"kinds[0] (k): rename.Idd: the kind's type has no such member; did you mean Id?" },
	{ "{'catalog':'tione','kinds':[{'name':'k','id':'Id','id_form':'(',"
		"'partial':true}]}", "kinds[0] (k): id_form: not a regular expression: "
		"Unmatched ( or \\(" },
	{ "{'catalog':'tione','kinds':[{'name':'k','id':'Id','id_form':''}]}",
		"kinds[0] (k): id_form: '' is not one line of text" },
	/* views and tables */
	{ KIND("'partial':true,'statuses':['x']"), "kinds[0] (k): statuses: only of a kind with a status" },
	{ KIND("'partial':true,'tags':'T'"), "kinds[0] (k): tags: only of a kind with a type, which says that it "
		"is a map" },
	{ TASK("'tags':'Tag'"), "kinds[0] (k): tags: the kind's type has no such member; did you mean Tags?" },
	{ TASK("'tags':'Name'"), "kinds[0] (k): tags: is no map in the kind's type" },
	{ TASK("'label':'Nmae'"), "kinds[0] (k): label: the kind's type has no such member; did you mean Name?" },
	{ TASK("'columns':['Name','ImageInfo']"), "kinds[0] (k): columns[1]: is neither a value nor a list of "
		"values" },
	{ TASK("'columns':['Name.X']"), "kinds[0] (k): columns[0]: Name has no members" },
	{ TASK("'columns':['ImageInfo.ImageNme']"), "kinds[0] (k): columns[0]: the kind's type has no such "
		"member; did you mean ImageName?" },
	{ TASK("'columns':['A..B']"), "kinds[0] (k): columns[0]: 'A..B' is not a path of members, A.B.C" },
	{ LIST("'by_status':{'a':'{status}'}"), "kinds[0] (k): list.by_status: only of a kind with a status" },
	{ LIST("'by_tag':{'a':'{key}','b':'{value}'}"), "kinds[0] (k): list.by_tag: only of a kind with tags" },
	{ LIST("'by_status':{'a':'status'}"), "kinds[0] (k): list.by_status: holds no '{status}'" },
	{ LIST("'by_tag':{'a':'{key}'}"), "kinds[0] (k): list.by_tag: holds no '{value}'" },
	{ LIST("'by_tag':{'Limit':1},'paging':'offset','page':1"),
		"kinds[0] (k): list.by_tag.Limit: set by every call itself" },
	{ HARVEST("'ids':'A[]','by_tag':{}"), "kinds[0] (k): harvest[0].by_tag: only where resources are listed" },
	/* calls */
	{ KIND("'list':{'items':'I'}"), "kinds[0] (k): list.action: missing" },
	{ KIND("'list':{'action':'L'}"), "kinds[0] (k): list.items: missing" },
	{ LIST("'paging':'pages'"), "kinds[0] (k): list.paging: must be offset or "
		"marker, or not be there" },
	{ LIST("'paging':'ofset'"), "kinds[0] (k): list.paging: must be offset or "
		"marker, or not be there; did you mean offset?" },
	{ LIST("'paging':'offset'"), "kinds[0] (k): list.page: missing" },
	{ LIST("'paging':'offset','page':0"),
		"kinds[0] (k): list.page: must be a whole number from 1 to 100000" },
	{ LIST("'page':10"), "kinds[0] (k): list.page: only with a paging" },
	{ LIST("'paging':'offset','page':1,'next':'x'"),
		"kinds[0] (k): list.next: only where paging is marker" },
	{ LIST("'total':'x','paging':'marker','page':1"),
		"kinds[0] (k): list.total: only where paging is offset" },
	{ LIST("'id':'x'"),
		"kinds[0] (k): list.id: only where one resource is described" },
	{ LIST("'parent':'x'"),
		"kinds[0] (k): list.parent: only of a kind with a parent" },
	{ LIST("'path':'/x'"),
		"kinds[0] (k): list.path: only of a cloud whose calls have paths" },
	{ LIST("'params':[]"),
		"kinds[0] (k): list.params: must be of type object, not array" },
	{ LIST("'params':{'Limit':5},'paging':'offset','page':1"),
		"kinds[0] (k): list.params.Limit: set by every call itself" },
	{ DESCRIBE("'item':'I'"), "kinds[0] (k): describe.id: missing" },
	{ DESCRIBE("'id':'I','items':'I'"), "kinds[0] (k): describe.items: only "
		"where something is listed; here it is item" },
	{ DESCRIBE("'id':'I','item':'a..b'"), "kinds[0] (k): describe.item: 'a..b' "
		"is not a path of members, A.B.C" },
	{ DESCRIBE("'id':'I','parent':'P'"),
		"kinds[0] (k): describe.parent: only of a kind with a parent" },
	{ KIND("'list':{'action':'L','items':'I'},'harvest':[{'action':'H',"
		"'ids':'A[]'}]"), "kinds[0] (k): harvest: only of a kind that is partial" },
	{ HARVEST("'items':'I'"), "kinds[0] (k): harvest[0].ids: missing" },
	{ HARVEST("'ids':'A.B'"),
		"kinds[0] (k): harvest[0].ids: 'A.B' is not a path to ids, A[].B.C" },
	{ HARVEST("'ids':'A[.]B'"),
		"kinds[0] (k): harvest[0].ids: 'A[.]B' is not a path to ids, A[].B.C" },
	{ HARVEST("'ids':'A[]B'"),
		"kinds[0] (k): harvest[0].ids: 'A[]B' is not a path to ids, A[].B.C" },
	{ HARVEST("'ids':'[].B'"),
		"kinds[0] (k): harvest[0].ids: '[].B' is not a path to ids, A[].B.C" },
	{ HARVEST("'ids':'A[][]'"),
		"kinds[0] (k): harvest[0].ids: 'A[][]' is not a path to ids, A[].B.C" },
	{ HARVEST("'ids':'A[]','parent':'P'"), "kinds[0] (k): harvest[0].parent: "
		"only where the parent is known: a harvest finds ids of all parents" },
	{ BAIDU("'params':{}"), "kinds[0] (k): list.path: missing" },
	{ BAIDU("'path':'v2'"),
		"kinds[0] (k): list.path: 'v2' is not a URL's path" },
	/* types */
	{ TYPES("'T':7"), "types.T: must be of type object, not number" },
	{ TYPES("'T':{'A':7}"), "types.T.A: must be of type string, not number" },
	{ TYPES("'T':{'A':''}"), "types.T.A: names no type" },
	{ TYPES("'T':{'A':'strnig'}"),
		"types.T.A: no such type; did you mean string?" },
	{ TYPES("'T':{'A':'[ImageInf]'}"),
		"types.T.A: no such type; did you mean ImageInfo?" },
	{ TYPES("'T':{'A':'[]'}"), "types.T.A: no such type" },
	{ TYPES("'T':{'A':'['}"), "types.T.A: no such type" },
	{ TYPES("'T':{'A':'{'}"), "types.T.A: no such type" },
	{ TYPES("'T':{'A':'{K}'}"), "types.T.A: a map is written {KEY:VALUE}" },
	{ TYPES("'T':{'A':'{K:}'}"), "types.T.A: '' is not a member's name" },
	{ TYPES("'T':{'A':'string secrt'}"), "types.T.A: only secret and list-only may "
		"follow the type; did you mean secret?" },
	{ TYPES("'T':{'A':'string','A':'int'}"), "types.T.A: occurs twice: remove one" },
	{ TYPES("'T':{},'T':{}"), "types.T: occurs twice: remove one" },
	{ TYPES("'string':{}"), "types.string: is the name of a built-in type: choose another" },
	{ TYPES("'T':{'':'string'}"), "types.T.%: '' is not a member's name" },
};

static void assert_refused(struct catalogs *catalogs, const struct bad *bad)
{
	char *text = xstrdup(bad->text);
	struct buf why;
	buf_init(&why, 4096);
	quote(text);
	if (catalogs_load(catalogs, "bad.json", text, strlen(text), &why))
		fail_msg("loaded: %s", text);
	for (char *at = why.data; (at = strchr(at, '"'));)
		*at = '\'';
	if (strncmp(why.data, "bad.json: ", 10) != 0 || strcmp(why.data + 10, bad->why) != 0)
		fail_msg("%s\nis refused with: %s\nbut should: %s", text, why.data, bad->why);
	buf_release(&why);
	free(text);
}

static void test_mistakes_are_refused_and_change_nothing(void **state)
{
	char *before = picture(*state);
	for (size_t i = 0; i < COUNT(BAD); i++) {
		assert_refused(*state, &BAD[i]);
		char *after = picture(*state);
		assert_string_equal(before, after);
		free(after);
	}
	free(before);
}

/* A file with every member. */
static const char WHOLE[] =
	"{'catalog':'full','about':'a','cloud':'tencent','service':'s','version':'1',"
	"'endpoint':'https://h:1','region':'r','date':'2000-01-01','rate':1.5,'ttl':{'live':1,"
	"'terminal':2,'list':3,'miss':4},'kinds':[{'name':'k','about':'b','list':{'action':'L',"
	"'params':{'A':[1]},'items':'I','paging':'offset','page':1,'offset':'o','limit':'l',"
	"'total':'t','rate':1},'describe':{'action':'D','id':'i','item':'x'},'partial':true,"
	"'list_is_detail':false,'harvest':[{'action':'H','items':'I','ids':'A[].B'}],'id':'Id',"
	"'id_form':'k-[a-z]+','status':'S','terminal':['T','U'],'times':['A'],'strip':'P',"
	"'rename':{'Id':'idd'},'type':'T','ttl':{'live':9}},{'name':'c','parent':'k','list':{"
	"'action':'L','parent':'p','items':'I'},'id':'Id','parent_id':'Kid','id_form':'c'}],"
	"'types':{'T':{'Id':'string','S':'int','A':'float','U':'U','V':'[U]','W':'[bool]',"
	"'M':'{K:V} secret list-only'},'U':{'O':'object','P':'[object]'}}}";

/* Cut anywhere, or with any byte gone, a file is read or refused, with a reason, and never half. */
static void test_damaged_files(void **state)
{
	size_t len = strlen(WHOLE);
	struct buf why;
	buf_init(&why, 4096);
	for (size_t i = 0; i < len; i++) {
		char *text = xstrdup(WHOLE);
		quote(text);
		assert_false(catalogs_load(*state, "cut.json", text, i, &why));
		assert_true(why.len > 0);
		buf_clear(&why);
		memmove(text + i, text + i + 1, len - i);
		if (!catalogs_load(*state, "gap.json", text, len - 1, &why))
			assert_true(why.len > 0);
		buf_clear(&why);
		free(picture(*state));
		free(text);
	}
	char *text = xstrdup(WHOLE);
	quote(text);
	assert_true(catalogs_load(*state, "whole.json", text, len, &why));
	free(text);
	buf_release(&why);
}

static void test_a_name_ends_at_255_bytes(void **state)
{
	char text[512], name[257];
	struct buf why;
	buf_init(&why, 4096);
	for (int len = 256; len >= 255; len--) {
		memset(name, 'k', (size_t)len);
		name[len] = '\0';
		snprintf(text, sizeof text, "{'catalog':'tione','kinds':[{'name':'%s','id':'Id',"
			"'id_form':'x','partial':true}]}", name);
		quote(text);
		assert_int_equal(catalogs_load(*state, "long.json", text, strlen(text), &why),
			len == 255);
	}
	buf_release(&why);
}

/* A bound is written out, inside others many times: what would take all memory, or time, is refused before. */
static void test_an_id_form_has_a_size(void **state)
{
	static const char *const right[] = { "[a-z]{1,255}", "a{2000}", "([a-z]{1,40}-){1,40}x", "[]{9}x[^]{9}]{1,255}",
		"[[:alpha:]{2,]{3,5}", "(a{100}|b{100}){9}", "a\\\\{9999", "(a|b)+c*d?", "((((((((((a))))))))))", "a{0,5}b{0}" };
	static const char *const large[] = { "a{2001}", "(a{1,255}){1,255}", "((a{99}){99}){99}", "(a{99,}){99}",
		"(((((((((((a+)+)+)+)+)+)+)+)+)+)+)+", "a{1,99999999999999999999}", "(ab|cd){1,1000}",
		"(((((((((((((((((((((a)))))))))))))))))))))" };
	char text[512];
	struct buf why;
	buf_init(&why, 4096);
	for (size_t i = 0; i < COUNT(right) + COUNT(large); i++) {
		bool is_large = i >= COUNT(right);
		buf_clear(&why);
		snprintf(text, sizeof text, "{'catalog':'tione','kinds':[{'name':'k','id':'Id','id_form':'%s',"
			"'partial':true}]}", is_large ? large[i - COUNT(right)] : right[i]);
		quote(text);
		if (catalogs_load(*state, "form.json", text, strlen(text), &why) == is_large)
			fail_msg("%s: %s", text, is_large ? "loaded" : why.data);
		if (is_large)
			assert_non_null(strstr(why.data, "kinds[0] (k): id_form: too large: over 2000 steps"));
	}
	buf_release(&why);
}

static void test_a_reason_may_have_no_room(void **state)
{
	struct buf why;
	buf_init(&why, 10);
	assert_false(catalogs_load(*state, "bad.json", "[]", 2, &why));
	assert_true(why.len <= 10);
	buf_release(&why);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, load_all, release_all)

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
		TEST(test_mistakes_are_refused_and_change_nothing),
		TEST(test_damaged_files),
		TEST(test_a_name_ends_at_255_bytes),
		TEST(test_an_id_form_has_a_size),
		TEST(test_a_reason_may_have_no_room),
	};
	return cmocka_run_group_tests(TESTS, NULL, NULL);
}

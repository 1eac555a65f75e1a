/*
 * test_render_values.c - values: which are files and which directories, and what is in them.
 */
#include "snapshot_kit.h"

static void test_shapes_without_a_catalog(void **state)
{
	static const struct field rows[] = {
		{"text", "string", "a\n"},
		{"two_lines", "string", "a\nb\n\n"},
		{"empty", "string", ""},
		{"blank", "string", " \n"},
		{"nothing", "null", ""},
		{"yes", "boolean", "true\n"},
		{"no", "boolean", "false\n"},
		{"number", "number", "0\n"},
		{"list", "array", "a\n\n\n1\ntrue\n"},
		{"empty_list", "array", ""},
		{"list_of_nothing", "array", "\n"},
		{"objects", "array", NULL},
		{"objects/0", "object", NULL},
		{"objects/0/a_b", "number", "1\n"},
		{"objects/1", "object", NULL},
		{"mixed", "array", NULL},
		{"mixed/0", "number", "7\n"},
		{"mixed/1", "object", NULL},
		{"mixed/2", "null", ""},
		{"lists", "array", NULL},
		{"lists/0", "array", "1\n2\n"},
		{"lists/1", "array", ""},
		{"object", "object", NULL},
		{"empty_object", "object", NULL},
		{"describe.json", "object", "*"},
	};

	(void)state;
	assert_renders(&plain,
		"{\"Text\":\"a\",\"TwoLines\":\"a\\nb\\n\",\"Empty\":\"\",\"Blank\":\" \","
		"\"Nothing\":null,"
		"\"Yes\":true,\"No\":false,\"Number\":0,\"List\":[\"a\",null,\"\",1,true],"
		"\"EmptyList\":[],"
		"\"ListOfNothing\":[null],\"Objects\":[{\"aB\":1},{}],"
		"\"Mixed\":[7,{},null],\"Lists\":[[1,2],[]],\"Object\":{},\"EmptyObject\":{}}",
		rows, COUNT(rows));
}

static void test_numbers_are_digit_for_digit(void **state)
{
	static const struct field rows[] = {
		{"a", "number", "9223372036854775807\n"},
		{"b", "number", "0.10\n"},
		{"c", "number", "1e3\n"},
		{"d", "number", "-0\n"},
		{"e", "number", "1E+999\n"},
		{"f", "array", "18446744073709551615\n1.0\n"},
		{"describe.json", "object",
			"{\n  \"a\": 9223372036854775807,\n  \"b\": 0.10,\n  \"c\": 1e3,\n"
			"  \"d\": -0,\n"
			"  \"e\": 1E+999,\n  \"f\": [\n    18446744073709551615,\n    1.0\n  ]\n"
			"}\n"},
	};

	(void)state;
	assert_renders(&plain,
		"{\"a\":9223372036854775807,\"b\":0.10,\"c\":1e3,\"d\":-0,\"e\":1E+999,"
		"\"f\":[18446744073709551615,1.0]}",
		rows, COUNT(rows));
}

/* A NUL does not cut a value; what a terminal would obey is shown by its bytes. */
static void test_strings_are_unescaped_but_for_control_characters(void **state)
{
	struct snapshot *s = render(&plain, "{\"a\":\"x\\u0000y\",\"b\":[\"\\u0000\","
		"\"\\u001b[2J\"],"
		"\"c\":\"\\ud83d\\ude00\\u4e2d\",\"d\":\"\\ud800\","
		"\"e\":\"\\u007f~\\u0080\\u009f\\u00a0\\t\\n\\r\\u001f \\\\x1b\\u0085\","
		"\"f\":\"a\\u202eb\\u2066\\u061c\\u200f\","
		"\"g\":\"\\ufeffa\\u2028\\u2029\\u200bb\\u00ad\\u2060\\u200d\\udb40\\udc41\","
		"\"h\":\"\\ud83d\\udc69\\u200d\\ud83d\\udcbb\\ufe0f\"}");

	(void)state;
	assert_bytes(s, "a", "x\\x00y\n");
	assert_bytes(s, "b", "\\x00\n\\x1b[2J\n");
	assert_bytes(s, "c", "\xf0\x9f\x98\x80\xe4\xb8\xad\n");
	assert_bytes(s, "d", "\xef\xbf\xbd\n");
	assert_bytes(s, "e", "\\x7f~\\xc2\\x80\\xc2\\x9f\xc2\xa0\t\n\\x0d\\x1f \\x1b\\xc2\\x85\n");
	assert_bytes(s, "f", "a\\xe2\\x80\\xaeb\\xe2\\x81\\xa6\\xd8\\x9c\\xe2\\x80\\x8f\n");
	assert_bytes(s, "g", "\\xef\\xbb\\xbfa\\xe2\\x80\\xa8\\xe2\\x80\\xa9\\xe2\\x80\\x8b"
		"b\\xc2\\xad\\xe2\\x81\\xa0\xe2\x80\x8d\\xf3\\xa0\\x81\\x81\n");
	assert_bytes(s, "h", "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb\xef\xb8\x8f\n");
	assert_bytes(s, "describe.json",
		"{\n  \"a\": \"x\\u0000y\",\n  \"b\": [\n    \"\\u0000\",\n    \"\\u001b[2J\"\n  ],"
		"\n"
		"  \"c\": \"\xf0\x9f\x98\x80\xe4\xb8\xad\",\n  \"d\": \"\xef\xbf\xbd\",\n"
		"  \"e\": \"\\u007f~\\u0080\\u009f\xc2\xa0\\t\\n\\r\\u001f \\\\x1b\\u0085\",\n"
		"  \"f\": \"a\\u202eb\\u2066\\u061c\\u200f\",\n"
		"  \"g\": \"\\ufeffa\\u2028\\u2029\\u200bb\\u00ad\\u2060\xe2\x80\x8d\\udb40\\udc41\",\n"
		"  \"h\": \"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb\xef\xb8\x8f\"\n}\n");
	snapshot_free(s);
}

static struct member_rule inner_list[] = {
	{.name = S("Map"), .shape = MEMBER_MAP, .map_key = S("K"), .map_value = S("V")},
	{.name = S("Token"), .shape = MEMBER_SCALAR, .secret = true},
	{.name = S("Deep"), .shape = MEMBER_OBJECT},
};

static const struct type inner = {S("Inner"), inner_list, COUNT(inner_list)};

static struct member_rule pair_list[] = {
	{.name = S("V"), .shape = MEMBER_SCALAR, .secret = true},
};

static const struct type pair = {S("Pair"), pair_list, COUNT(pair_list)};

static struct member_rule shape_list[] = {
	{.name = S("List"), .shape = MEMBER_LIST},
	{.name = S("Object"), .shape = MEMBER_OBJECT, .of = &inner},
	{.name = S("Objects"), .shape = MEMBER_OBJECTS, .of = &inner},
	{.name = S("Map"), .shape = MEMBER_MAP, .map_key = S("K"), .map_value = S("V")},
	{.name = S("Scalar"), .shape = MEMBER_SCALAR},
	{.name = S("Secret"), .shape = MEMBER_OBJECTS, .secret = true, .of = &inner},
	{S("Env"), MEMBER_MAP, .map_key = S("K"), .map_value = S("V"), .of = &pair},
	{.name = S("Only"), .shape = MEMBER_SCALAR, .list_only = true},
};

static const struct type shapes = {S("Shapes"), shape_list, COUNT(shape_list)};

static const struct kind shaped = {
	.name = S("shaped"),
	.catalog = &catalog,
	.describe = {.name = S("Describe")},
	.id.member = S("Id"),
	.type = &shapes,
};

static void test_what_is_empty_keeps_its_shape(void **state)
{
	static const struct field of_null[] = {
		{"list", "null", ""}, {"object", "null", NULL}, {"objects", "null", NULL},
		{"map", "null", NULL}, {"scalar", "null", ""}, {"unknown", "null", ""},
		{"describe.json", "object", "*"},
	};
	static const struct field of_list[] = {
		{"list", "array", ""}, {"object", "array", NULL}, {"objects", "array", NULL},
		{"map", "array", NULL}, {"scalar", "array", ""}, {"unknown", "array", ""},
		{"describe.json", "object", "*"},
	};
	static const struct field of_object[] = {
		{"list", "object", NULL}, {"object", "object", NULL}, {"objects", "object", NULL},
		{"map", "object", NULL}, {"scalar", "object", NULL}, {"unknown", "object", NULL},
		{"describe.json", "object", "*"},
	};
	static const struct field of_text[] = {
		{"list", "string", ""}, {"object", "string", ""}, {"objects", "string", ""},
		{"map", "string", ""}, {"scalar", "string", ""}, {"unknown", "string", ""},
		{"describe.json", "object", "*"},
	};

	(void)state;
	assert_renders(&shaped, "{\"List\":null,\"Object\":null,\"Objects\":null,\"Map\":null,"
		"\"Scalar\":null,\"Unknown\":null}", of_null, COUNT(of_null));
	assert_renders(&shaped, "{\"List\":[],\"Object\":[],\"Objects\":[],\"Map\":[],"
		"\"Scalar\":[],\"Unknown\":[]}", of_list, COUNT(of_list));
	assert_renders(&shaped, "{\"List\":{},\"Object\":{},\"Objects\":{},\"Map\":{},"
		"\"Scalar\":{},\"Unknown\":{}}", of_object, COUNT(of_object));
	assert_renders(&shaped, "{\"List\":\"\",\"Object\":\"\",\"Objects\":\"\",\"Map\":\"\","
		"\"Scalar\":\"\",\"Unknown\":\"\"}", of_text, COUNT(of_text));
}

static void test_another_shape_is_shown_as_it_came(void **state)
{
	static const struct field rows[] = {
		{"list", "array", NULL},
		{"list/0", "object", NULL},
		{"list/0/a", "number", "1\n"},
		{"object", "array", NULL},
		{"object/0", "object", NULL},
		{"object/0/map", "array", NULL},
		{"object/0/map/k", "string", "v\n"},
		{"objects", "object", NULL},
		{"objects/deep", "null", NULL},
		{"map", "object", NULL},
		{"map/k_k", "string", "v\n"},
		{"scalar", "object", NULL},
		{"scalar/a", "number", "1\n"},
		{"describe.json", "object", "*"},
	};
	static const struct field scalars[] = {
		{"list", "string", "x\n"}, {"object", "number", "1\n"},
		{"objects", "array", "1\n2\n"},
		{"map", "array", "a\n\n"}, {"scalar", "array", "1\n"},
		{"describe.json", "object", "*"},
	};

	(void)state;
	assert_renders(&shaped, "{\"List\":[{\"A\":1}],\"Object\":[{\"Map\":[{\"K\":\"k\","
		"\"V\":\"v\"}]}],"
		"\"Objects\":{\"Deep\":null},\"Map\":{\"kK\":\"v\"},"
		"\"Scalar\":{\"A\":1}}", rows, COUNT(rows));
	assert_renders(&shaped, "{\"List\":\"x\",\"Object\":1,\"Objects\":[1,2],"
		"\"Map\":[\"a\",null],"
		"\"Scalar\":[1]}", scalars, COUNT(scalars));
}

static void test_maps(void **state)
{
	static const struct field rows[] = {
		{"map", "array", NULL},
		{"map/CamelKey", "string", "v\n"},
		{"map/a%2Fb", "number", "1\n"},
		{"map/%", "string", "empty key\n"},
		{"map/12", "string", "number key\n"},
		{"map/4", "object", NULL}, /* no key: under its index */
		{"map/4/v", "number", "5\n"},
		{"map/twice", "string", "last\n"},
		{"map/6", "object", NULL},
		{"map/6/k", "null", ""},
		{"map/6/v", "string", "null key\n"},
		{"map/7", "array", "1\n"}, /* not even an object */
		{"map/object", "object", NULL},
		{"map/object/a_b", "number", "1\n"},
		{"map/list", "array", "1\n2\n"},
		{"map/bare", "null", ""}, /* no value */
		{"map/none", "null", ""},
		{"describe.json", "object", "*"},
	};
	struct snapshot *s;

	(void)state;
	assert_renders(&shaped, "{\"Map\":[{\"K\":\"CamelKey\",\"V\":\"v\"},{\"V\":1,\"K\":\"a/b\","
		"\"x\":9},"
		"{\"K\":\"\",\"V\":\"empty key\"},{\"K\":12,\"V\":\"number key\"},{\"V\":5},"
		"{\"K\":\"twice\",\"V\":\"first\"},{\"K\":null,\"V\":\"null key\"},[1],"
		"{\"K\":\"object\",\"V\":{\"aB\":1}},{\"K\":\"list\",\"V\":[1,2]},{\"K\":\"bare\"},"
		"{\"K\":\"none\",\"V\":null},{\"K\":\"twice\","
		"\"V\":\"last\"}]}", rows, COUNT(rows));

	/* An index that is a key as well: both can be had. */
	s = render(&shaped, "{\"Map\":[{\"V\":1},{\"K\":\"0\",\"V\":2}]}");
	assert_int_equal(at(s, "map")->count, 2);
	snapshot_free(s);
}

static void test_a_member_that_comes_twice(void **state)
{
	static const struct field rows[] = {
		{"a", "object", NULL},
		{"a/x", "string", "last\n"},
		{"b", "number", "3\n"},
		{"describe.json", "object",
			"{\n  \"A\": 1,\n  \"B\": 3,\n  \"A\": [],\n  \"A\": {\n    \"X\": 1,\n"
			"    \"X\": \"last\"\n  }\n}\n"},
	};

	(void)state;
	assert_renders(&plain, "{\"A\":1,\"B\":3,\"A\":[],\"A\":{\"X\":1,"
		"\"X\":\"last\"}}", rows, COUNT(rows));
}

static void test_api_names(void **state)
{
	static const struct field rows[] = {
		{"TrainingModelFormat", "string", "X\n"},
		{"TrainingModelVersionId", "string", "v\n"},
		{"GPUType", "object", NULL},
		{"GPUType/aB", "number", "1\n"},
		{"%2Edot", "number", "2\n"},
		{"describe.json", "object", "*"},
	};
	const struct snapshot_style style = {.api_names = true};
	struct snapshot *s = render_styled(&versions, "{\"TrainingModelFormat\":\"X\","
		"\"TrainingModelVersionId\":\"v\",\"GPUType\":{\"aB\":1},\".dot\":2}", &style);

	(void)state;
	assert_tree(s, rows, COUNT(rows));
	snapshot_free(s);
}

static const char secrets_text[] =
	"{\"Secret\":[{\"Token\":\"t0p\",\"Deep\":{\"a\":1}}],\"Object\":{\"Token\":\"t1p\","
	"\"Open\":\"o\"},"
	"\"Objects\":[{\"Token\":7,\"Map\":[{\"K\":\"Token\",\"V\":\"v\"}]},{\"Token\":\"\"},"
	"{\"Token\":null},{\"Token\":[]},{\"Token\":{\"x\":\"t2p\"}},{\"Token\":false}],"
	"\"Env\":[{\"K\":\"HOME\",\"V\":\"t3p\"}],\"Tokenizer\":\"no secret here\"}";

static void test_secrets_are_hidden(void **state)
{
	static const struct field rows[] = {
		{"secret", "array", "<hidden>\n"},
		{"object", "object", NULL},
		{"object/token", "string", "<hidden>\n"},
		{"object/open", "string", "o\n"},
		{"objects", "array", NULL},
		{"objects/0", "object", NULL},
		{"objects/0/token", "number", "<hidden>\n"},
		{"objects/0/map", "array", NULL},
		{"objects/0/map/Token", "string", "v\n"},
		{"objects/1", "object", NULL},
		{"objects/1/token", "string", ""},
		{"objects/2", "object", NULL},
		{"objects/2/token", "null", ""},
		{"objects/3", "object", NULL},
		{"objects/3/token", "array", ""},
		{"objects/4", "object", NULL},
		{"objects/4/token", "object", "<hidden>\n"},
		{"objects/5", "object", NULL},
		{"objects/5/token", "boolean", "<hidden>\n"},
		{"env", "array", NULL},
		{"env/HOME", "string", "<hidden>\n"},
		{"tokenizer", "string", "no secret here\n"},
		{"describe.json", "object",
			"{\n  \"Secret\": \"<hidden>\",\n  \"Object\": {\n"
			"    \"Token\": \"<hidden>\",\n"
			"    \"Open\": \"o\"\n  },\n  \"Objects\": [\n    {\n"
			"      \"Token\": \"<hidden>\",\n"
			"      \"Map\": [\n        {\n          \"K\": \"Token\",\n"
			"          \"V\": \"v\"\n"
			"        }\n      ]\n    },\n    {\n      \"Token\": \"\"\n    },\n    {\n"
			"      \"Token\": null\n    },\n    {\n      \"Token\": []\n    },\n    {\n"
			"      \"Token\": \"<hidden>\"\n    },\n    {\n"
			"      \"Token\": \"<hidden>\"\n    }\n"
			"  ],\n  \"Env\": [\n    {\n      \"K\": \"HOME\",\n"
			"      \"V\": \"<hidden>\"\n    }\n"
			"  ],\n  \"Tokenizer\": \"no secret here\"\n}\n"},
	};
	struct snapshot *s = render(&shaped, secrets_text);

	(void)state;
	assert_tree(s, rows, COUNT(rows));
	for (uint32_t i = 0; i < s->n_entries; i++)
		assert_false(s->entries[i].secret);
	for (const char *byte = s->text; byte < (const char *)s + s->memory - 3; byte++)
		assert_false(byte[0] == 't' && byte[2] == 'p' && byte[1] >= '0' && byte[1] <= '9');
	snapshot_free(s);
}

static void test_secrets_are_shown_when_asked_for(void **state)
{
	static const char *const secret[] = {
		"secret", "secret/0", "secret/0/token", "secret/0/deep", "secret/0/deep/a",
		"object/token",
		"objects/0/token", "objects/4/token", "objects/4/token/x", "objects/5/token",
		"env/HOME",
		"describe.json",
	};
	static const char *const open[] = {
		"", "object", "object/open", "objects", "objects/0", "objects/0/map/Token", "env",
		"tokenizer",
	};
	const struct snapshot_style style = {.secrets = true};
	struct snapshot *s = render_styled(&shaped, secrets_text, &style);

	(void)state;
	for (size_t i = 0; i < COUNT(secret); i++)
		assert_true(at(s, secret[i])->secret);
	for (size_t i = 0; i < COUNT(open); i++)
		assert_false(at(s, open[i])->secret);
	assert_bytes(s, "secret/0/token", "t0p\n");
	assert_bytes(s, "objects/0/token", "7\n");
	assert_bytes(s, "objects/4/token/x", "t2p\n");
	assert_bytes(s, "env/HOME", "t3p\n");
	assert_bytes(s, "objects/1/token", "");
	snapshot_free(s);

	s = render_styled(&shaped, "{\"Object\":{\"Token\":\"\"},\"Secret\":[],\"A\":1}", &style);
	assert_false(at(s, "describe.json")->secret);
	assert_bytes(s, "describe.json",
		"{\n  \"Object\": {\n    \"Token\": \"\"\n  },\n  \"Secret\": [],\n  \"A\": 1\n"
		"}\n");
	snapshot_free(s);
}

/* What no type knows and is named like a secret is one, at every depth; what only counts or says yes is none. */
static void test_unknown_members_that_are_named_like_secrets_are_hidden(void **state)
{
	static const struct field rows[] = {
		{"password", "string", "<hidden>\n"},
		{"inner_new", "object", NULL},
		{"inner_new/secret_key", "string", "<hidden>\n"},
		{"inner_new/list", "array", NULL},
		{"inner_new/list/0", "object", NULL},
		{"inner_new/list/0/api_key", "number", "<hidden>\n"},
		{"inner_new/credentials", "object", "<hidden>\n"},
		{"new_tokens", "array", "<hidden>\n"},
		{"has_password", "boolean", "true\n"},
		{"total_tokens", "number", "7\n"},
		{"old_password", "string", ""},
		{"secret_name", "string", "n\n"},
		{"describe.json", "object", "{\n  \"Password\": \"<hidden>\",\n  \"InnerNew\": {\n"
			"    \"SecretKey\": \"<hidden>\",\n    \"List\": [\n      {\n"
			"        \"ApiKey\": \"<hidden>\"\n      }\n    ],\n"
			"    \"Credentials\": \"<hidden>\"\n  },\n  \"NewTokens\": \"<hidden>\",\n"
			"  \"HasPassword\": true,\n  \"TotalTokens\": 7,\n  \"OldPassword\": \"\",\n"
			"  \"SecretName\": \"n\"\n}\n"},
	};
	static const char text[] = "{\"Password\":\"p\",\"InnerNew\":{\"SecretKey\":\"k\",\"List\":[{\"ApiKey\":1}],"
		"\"Credentials\":{\"Id\":\"i\"}},\"NewTokens\":[\"t\"],\"HasPassword\":true,\"TotalTokens\":7,"
		"\"OldPassword\":\"\",\"SecretName\":\"n\"}";
	const struct snapshot_style style = {.secrets = true};
	struct snapshot *s;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		s = render(i ? &shaped : &plain, text);
		assert_tree(s, rows, COUNT(rows));
		snapshot_free(s);
	}
	s = render_styled(&plain, text, &style);
	assert_bytes(s, "inner_new/credentials/id", "i\n");
	assert_true(at(s, "inner_new/credentials/id")->secret && at(s, "password")->secret);
	assert_true(at(s, "describe.json")->secret && !at(s, "total_tokens")->secret);
	snapshot_free(s);
}

static bool describe_hides(const struct snapshot *s)
{
	size_t size;
	const char *bytes = snapshot_bytes(s, (uint32_t)(at(s, "describe.json") - s->entries), &size);

	return memmem(bytes, size, "<hidden>", strlen("<hidden>"));
}

/* Environment variables in lists that no type knows: the pair's name says what its value is. */
static void test_values_of_pairs_that_are_called_secrets_are_hidden(void **state)
{
	static const struct {
		const char *pair;
		const char *path, *shown;
	} pairs[] = {
		{"{\"Name\":\"DB_PASSWORD\",\"Value\":\"x\"}", "value", NULL},
		{"{\"Key\":\"HF_TOKEN\",\"Value\":\"x\"}", "value", NULL},
		{"{\"name\":\"AWS_SECRET_ACCESS_KEY\",\"value\":\"x\"}", "value", NULL},
		{"{\"key\":\"mysql-pwd\",\"value\":\"x\"}", "value", NULL},
		{"{\"value\":\"x\",\"type\":\"text\",\"name\":\"api_key\"}", "value", NULL},
		{"{\"EnvName\":\"CLIENT_SECRET\",\"EnvValue\":\"x\"}", "env_value", NULL},
		{"{\"EnvName\":\"CLIENT_SECRET\",\"Value\":\"x\"}", "value", NULL},
		{"{\"Name\":\"CLIENT_SECRET\",\"DefaultValue\":\"x\"}", "default_value", NULL},
		{"{\"envKey\":\"PASSWD\",\"envVal\":\"x\"}", "env_val", NULL},
		{"{\"NAME\":\"PASSWORD\",\"VALUES\":[\"x\"]}", "values", NULL},
		{"{\"Name\":\"password\",\"Value\":{\"x\":1}}", "value", NULL},
		{"{\"Name\":\"password\",\"Value\":12}", "value", NULL},
		{"{\"Name\":\"max_tokens\",\"Value\":12}", "value", "12\n"},
		{"{\"Name\":\"use_password\",\"Value\":true}", "value", "true\n"},
		{"{\"Name\":\"DB_PASSWORD\",\"Value\":\"\"}", "value", ""},
		{"{\"Name\":\"DB_HOST\",\"Value\":\"x\"}", "value", "x\n"},
		{"{\"Name\":\"DB_PASSWORD\",\"Other\":\"x\"}", "other", "x\n"},
		{"{\"Name\":[\"DB_PASSWORD\"],\"Value\":\"x\"}", "value", "x\n"},
		{"{\"TagKey\":\"DB_PASSWORD\",\"EnvValue\":\"x\"}", "env_value", "x\n"},
	};
	const struct snapshot_style style = {.secrets = true};
	const struct kind *const kinds[] = { &plain, &shaped };
	char text[256], path[64];
	(void)state;

	for (size_t i = 0; i < 2 * COUNT(pairs); i++) {
		bool hides = !pairs[i / 2].shown;
		snprintf(text, sizeof text, "{\"New\":[{\"In\":[%s]}]}", pairs[i / 2].pair);
		snprintf(path, sizeof path, "new/0/in/0/%s", pairs[i / 2].path);
		struct snapshot *s = render(kinds[i % 2], text);
		assert_bytes(s, path, hides ? "<hidden>\n" : pairs[i / 2].shown);
		assert_int_equal(describe_hides(s), hides);
		snapshot_free(s);
		s = render_styled(kinds[i % 2], text, &style);
		assert_int_equal(at(s, path)->secret, hides);
		assert_int_equal(at(s, "describe.json")->secret, hides);
		snapshot_free(s);
	}
}

static void test_lists_of_texts_that_assign_to_a_secret_are_hidden(void **state)
{
	struct snapshot *s = render(&plain, "{\"Env\":[\"A=1\",\"DB_PASSWORD=x=y\"],\"Args\":[\"--api-key=x\"],"
		"\"Open\":[\"A=1\",\"PASSWORD\",\"TOKEN=\"],\"Urls\":[\"https://h/?a=1\"],\"Text\":\"PASSWORD=x\"}");
	(void)state;

	assert_bytes(s, "env", "<hidden>\n");
	assert_bytes(s, "args", "<hidden>\n");
	assert_bytes(s, "open", "A=1\nPASSWORD\nTOKEN=\n");
	assert_bytes(s, "urls", "https://h/?a=1\n");
	assert_bytes(s, "text", "PASSWORD=x\n"); /* a text alone may be prose: its own name decides */
	snapshot_free(s);
}

/* Users who may not read a secret see its inode number and time: without the key these test no guess. */
static void test_hashes_of_secrets_take_the_key(void **state)
{
	static const char *const secret[] = { "", "object", "object/token", "env/HOME", "describe.json" };
	static const char *const open[] = { "tokenizer", "objects/1/token", "object/open" };
	unsigned char keys[2][SNAPSHOT_KEY_BYTES] = { { 1 }, { 2 } };
	struct snapshot_style styles[] = { { .secrets = true, .key = keys[0] }, { .secrets = true, .key = keys[1] },
		{ .key = keys[0] }, { .key = keys[1] } };
	struct snapshot *s[4];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		s[i] = render_styled(&shaped, secrets_text, &styles[i]);
	for (size_t i = 0; i < COUNT(secret); i++) {
		assert_true(at(s[0], secret[i])->content != at(s[1], secret[i])->content);
		assert_true(at(s[2], secret[i])->content == at(s[3], secret[i])->content);
		assert_true(at(s[0], secret[i])->directory || at(s[0], secret[i])->ino != at(s[1], secret[i])->ino);
	}
	for (size_t i = 0; i < COUNT(open); i++)
		assert_true(at(s[0], open[i])->content == at(s[1], open[i])->content);
	assert_true(s[0]->content != s[1]->content && s[2]->content == s[3]->content);
	for (size_t i = 0; i < 4; i++)
		snapshot_free(s[i]);
	/* the same secret in two places is not seen to be the same */
	s[0] = render_styled(&plain, "{\"Password\":\"p\",\"Passwd\":\"p\"}", &styles[0]);
	assert_true(at(s[0], "password")->content != at(s[0], "passwd")->content);
	snapshot_free(s[0]);
}

static void test_an_empty_secret_keeps_its_shape(void **state)
{
	static const struct field rows[] = {
		{"secret", "array", NULL}, {"object", "object", NULL},
		{"object/token", "string", ""},
		{"describe.json", "object", "*"},
	};

	(void)state;
	assert_renders(&shaped, "{\"Secret\":[],\"Object\":{\"Token\":\"\"}}", rows, COUNT(rows));
}

static void test_an_item_of_a_list(void **state)
{
	const struct snapshot_style style = {.from_list = true};
	static const char text[] =
		"{\"Id\":\"a\",\"Only\":1,\"Scalar\":2,\"Object\":{\"X\":{\"Y\":1}},"
		"\"Objects\":[{\"Z\":1}],"
		"\"New\":{\"W\":1}}";
	struct snapshot *s = render_styled(&shaped, text, &style);

	(void)state;
	assert_false(has(s, "only"));
	assert_false(has(s, "describe.json"));
	assert_true(at(s, "scalar")->primed && at(s, "object")->primed);
	assert_true(at(s, "object/x/y")->primed && at(s, "objects/0/z")->primed);
	assert_false(at(s, "id")->primed || at(s, "new")->primed || at(s, "new/w")->primed);
	assert_false(at(s, "")->primed);
	snapshot_free(s);

	/* No type: every member is known. */
	s = render_styled(&plain, text, &style);
	assert_true(has(s, "only") && at(s, "id")->primed && at(s, "new/w")->primed);
	assert_false(has(s, "describe.json"));
	snapshot_free(s);

	/* describe.json's name is kept free all the same. */
	s = render_styled(&plain, "{\"describe.json\":1}", &style);
	assert_false(has(s, "describe.json"));
	assert_int_equal(s->n_entries, 2);
	snapshot_free(s);
}

static void test_an_item_that_is_all_there_is(void **state)
{
	const struct snapshot_style style = {.from_list = true};
	struct kind kinds[2] = {shaped, shaped};

	(void)state;
	kinds[0].list_is_detail = true;
	kinds[1].describe.name = NULL;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct snapshot *s = render_styled(&kinds[i], "{\"Only\":1,\"Scalar\":2}", &style);

		assert_bytes(s, "only", "1\n");
		assert_bytes(s, "describe.json", "{\n  \"Only\": 1,\n  \"Scalar\": 2\n}\n");
		snapshot_free(s);
	}

	/* A described resource shows whatever the answer holds. */
	struct snapshot *s = render(&shaped, "{\"Only\":1}");
	assert_true(has(s, "only"));
	assert_false(at(s, "only")->primed);
	snapshot_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes_without_a_catalog),
		cmocka_unit_test(test_numbers_are_digit_for_digit),
		cmocka_unit_test(test_strings_are_unescaped_but_for_control_characters),
		cmocka_unit_test(test_what_is_empty_keeps_its_shape),
		cmocka_unit_test(test_another_shape_is_shown_as_it_came),
		cmocka_unit_test(test_maps),
		cmocka_unit_test(test_a_member_that_comes_twice),
		cmocka_unit_test(test_api_names),
		cmocka_unit_test(test_secrets_are_hidden),
		cmocka_unit_test(test_secrets_are_shown_when_asked_for),
		cmocka_unit_test(test_unknown_members_that_are_named_like_secrets_are_hidden),
		cmocka_unit_test(test_values_of_pairs_that_are_called_secrets_are_hidden),
		cmocka_unit_test(test_lists_of_texts_that_assign_to_a_secret_are_hidden),
		cmocka_unit_test(test_hashes_of_secrets_take_the_key),
		cmocka_unit_test(test_an_empty_secret_keeps_its_shape),
		cmocka_unit_test(test_an_item_of_a_list),
		cmocka_unit_test(test_an_item_that_is_all_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

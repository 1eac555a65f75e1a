/*
 * fuzz_tencent.c - any HTTP answer as one of Tencent Cloud's.
 */
#include "provider_kit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_provider(&provider_tencent, data, size);
}

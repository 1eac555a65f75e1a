/*
 * fuzz_baidu.c - any HTTP answer as one of Qianfan's, V1 or V2.
 */
#include "provider_kit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_provider(&provider_baidu, data, size);
}

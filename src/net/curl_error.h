/*
 * curl_error.h - maps a curl error code to a cause of this program.
 */
#ifndef DESCRIBEFS_CURL_ERROR_H
#define DESCRIBEFS_CURL_ERROR_H

#include <curl/curl.h>

#include "base/error.h"

/* `easy` is the handle of the failed transfer: some codes need its details. */
enum error curl_error_cause(CURL *easy, CURLcode code);

#endif

/*
 * curl_error.h - what curl says of a failed transfer, as a cause.
 */
#ifndef DESCRIBEFS_CURL_ERROR_H
#define DESCRIBEFS_CURL_ERROR_H

#include <curl/curl.h>

#include "base/error.h"

/* The handle is the one that the transfer ran in: some codes need its details. */
enum error curl_error_cause(CURL *easy, CURLcode code);

#endif

/*
 * hiding.h - refuses a mount that would hide files of the machine from this process.
 *
 * Libraries open these files while the mount is served: libcurl the certificates, the C library the
 * resolver's configuration. Below our own mount they would be missing, or the process would wait for itself.
 */
#ifndef DESCRIBEFS_HIDING_H
#define DESCRIBEFS_HIDING_H

#include <stdbool.h>

#include "base/buf.h"
#include "sys/file_way.h"

/*
 * Before the mount: whether the directory of `cover` may be covered. `certificates`: the machine's
 * certificates are used. Returns false with one line in `why` that names a file and says what to do.
 */
bool hiding_check(struct file_cover *cover, bool certificates, struct buf *why);

#endif

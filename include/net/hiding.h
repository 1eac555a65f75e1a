/*
 * hiding.h - files of the machine that a mount must not hide from the process that serves it.
 *
 * Libraries open them by themselves, while the mount is served: libcurl the certificates, the C library
 * what a name is resolved with.  Below our own mount they would be missing, or the process would wait for
 * itself.
 */
#ifndef DESCRIBEFS_HIDING_H
#define DESCRIBEFS_HIDING_H

#include <stdbool.h>

#include "base/buf.h"
#include "sys/file_way.h"

/*
 * Before the mount: whether the directory may be covered.  `certificates`: the machine's are used.  False:
 * `why` is one line that names a file and says what to do.
 */
bool hiding_check(struct file_cover *cover, bool certificates, struct buf *why);

#endif

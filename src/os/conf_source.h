/* SPDX-License-Identifier: Apache-2.0 */
/* conf_source: configuration files as they lie on disk, for conf_load. */
#ifndef OS_CONF_SOURCE_H
#define OS_CONF_SOURCE_H

#include "conf/conf.h"

struct conf_source conf_file_source(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* folders: folders on the way to a file. */
#ifndef OS_FOLDERS_H
#define OS_FOLDERS_H

/* Makes the folders above a file, those that are missing; errno is left as the last mkdir made it. */
void folders_make_above(const char *path);

#endif

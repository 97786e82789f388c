/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef DKMS_AGENT_GREETING_H
#define DKMS_AGENT_GREETING_H

#include <linux/types.h>

/* Writes a greeting to buffer, never more than size bytes. Returns its length. */
int dkms_agent_greeting(char *buffer, size_t size, const char *name);

#endif

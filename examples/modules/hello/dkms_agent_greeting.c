// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <linux/kernel.h>
#include <linux/module.h>

#include "dkms_agent_greeting.h"

int dkms_agent_greeting(char *buffer, size_t size, const char *name)
{
	return scnprintf(buffer, size, "Hello, %s", name);
}
EXPORT_SYMBOL_GPL(dkms_agent_greeting);

MODULE_DESCRIPTION("Composes greetings for dkms_agent_hello");
MODULE_AUTHOR("dkms-agent");
MODULE_VERSION("1.0.0");
MODULE_LICENSE("Dual MIT/GPL");

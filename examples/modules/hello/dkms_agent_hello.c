// SPDX-License-Identifier: MIT OR GPL-2.0-only
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/module.h>

#include "dkms_agent_greeting.h"

static char *name = "kernel";
module_param(name, charp, 0444);
MODULE_PARM_DESC(name, "Whom to greet");

static int __init hello_init(void)
{
	char greeting[64];

	dkms_agent_greeting(greeting, sizeof(greeting), name);
	pr_info("%s\n", greeting);
	return 0;
}

static void __exit hello_exit(void)
{
	pr_info("Goodbye, %s\n", name);
}

module_init(hello_init);
module_exit(hello_exit);

MODULE_DESCRIPTION("Greets when it is loaded");
MODULE_AUTHOR("dkms-agent");
MODULE_VERSION("1.0.0");
MODULE_LICENSE("Dual MIT/GPL");

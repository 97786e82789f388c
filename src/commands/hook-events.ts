/** What packages tell their hooks: a kernel came, its headers came, a kernel is about to go. */
export const hookEvents = ["kernel-postinst", "header-postinst", "kernel-prerm"] as const;

export type HookEvent = (typeof hookEvents)[number];

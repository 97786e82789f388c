import type { Contestant } from "./measure.ts";

/** The least that a program in Node takes. */
export const nodeAlone: Contestant = { name: "node -e 0", command: [process.execPath, "-e", "0"] };

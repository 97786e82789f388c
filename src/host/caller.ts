import fs from "node:fs";
import os from "node:os";
import process from "node:process";

/** Who runs the program. Names are as the machine knows them at that moment. */
export interface Caller {
  readonly uid: number;
  /** `undefined` if the machine has no name for it. */
  readonly user: string | undefined;
  /** Who logged in and became somebody else by sudo, su or pkexec; `undefined` if nobody did: cron, a timer, a hook. */
  readonly login: { readonly uid: number; readonly user: string | undefined } | undefined;
}

/**
 * Who runs this program: the effective user, and who has logged in. The kernel's login uid (see loginuid in proc(5)) counts
 * first, since no environment can change it; where login sessions are not audited, what sudo or pkexec say.
 */
export function findCaller(environment: Readonly<Record<string, string | undefined>> = process.env): Caller {
  const uid = process.geteuid?.() ?? 0;
  const login = auditedLogin() ?? uidOf(environment.SUDO_UID) ?? uidOf(environment.PKEXEC_UID);
  const sudoUser = environment.SUDO_USER;
  const nameOf = (user: number) => (sudoUser && uidOf(environment.SUDO_UID) === user ? sudoUser : nameInPasswd(user));
  if (login !== undefined) return { uid, user: ownName(), login: { uid: login, user: nameOf(login) } };
  return { uid, user: ownName(), login: undefined };
}

const unset = 4294967295;

function auditedLogin(): number | undefined {
  const uid = uidOf(read("/proc/self/loginuid"));
  return uid === unset ? undefined : uid;
}

function uidOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text.trim()) ? Number(text) : undefined;
}

function ownName(): string | undefined {
  try {
    return os.userInfo().username;
  } catch {
    // A container may run as a number that has no name.
    return undefined;
  }
}

function nameInPasswd(uid: number): string | undefined {
  const lines = (read("/etc/passwd") ?? "").split("\n").map((line) => line.split(":"));
  return lines.find((fields) => fields[2] === String(uid))?.[0];
}

function read(file: string): string | undefined {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { detailedApplyCodes, exitCodeHelp, exitCodeOf, exitCodes } from "../../src/commands/exit-codes.ts";
import { type FailureCode, fail } from "../../src/dkms/failure.ts";

const table = suite("exitCodes");

table("are those of the contract", () => {
  const numbers = (given: object) => Object.values(given).map(({ code }: { code: number }) => code);
  assert.equal(numbers(exitCodes), [0, 1, 2, 3, 64, 65, 75, 78, 79, 80]);
  assert.equal(numbers(detailedApplyCodes), [0, 1, 2, 4, 6]);
});

table("the help has every one of them with its meaning", () => {
  const help = exitCodeHelp();
  for (const { code, meaning } of [...Object.values(exitCodes), ...Object.values(detailedApplyCodes)]) {
    assert.match(help, `${String(code).padStart(4)}  ${meaning}\n`);
  }
});
table.run();

const failures = suite("exitCodeOf");

failures("locked, unfit, and everything else", () => {
  const codes = [
    "E_LOCKED",
    "E_PERMISSION",
    "E_READ_ONLY",
    "E_NO_SPACE",
    "E_NO_TOOL",
    "E_USAGE",
    "E_BAD_PLAN",
    "E_STALE_PLAN",
    "E_IO",
  ] as const;
  const numbers = codes.map((code: FailureCode) => exitCodeOf(fail(code, "x").error));
  assert.equal(numbers, [75, 78, 78, 78, 78, 64, 65, 79, 1]);
});
failures.run();

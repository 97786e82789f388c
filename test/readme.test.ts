import fs from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const project = path.join(import.meta.dirname, "..");
const readme = fs.readFileSync(path.join(project, "README.md"), "utf8");

const told = suite("README");

for (const [what, file, title, most] of [
  ["failure code", "src/dkms/failure.ts", "## Codes", "Problems of documents"],
  ["code of a document", "src/desired-state/diagnostic.ts", "Problems of documents", "## As a library"],
] as const) {
  told(`documents every ${what}, and no other`, () => {
    const source = fs.readFileSync(path.join(project, file), "utf8");
    const codes = [...source.matchAll(/\| "([EW]_\w+)"/g)].map(([, code]) => code).sort();
    assert.ok(codes.length > 20);
    const table = readme.slice(readme.indexOf(title), readme.indexOf(most)).split("\n");
    const rows = table.filter((line) => line.startsWith("| `")).map((line) => line.split("|")[1] ?? "");
    assert.equal(rows.flatMap((cell) => [...cell.matchAll(/`([EW]_\w+)`/g)].map(([, code]) => code)).sort(), codes);
  });
}

told("documents every setting", () => {
  const schema: { properties: object } = JSON.parse(
    fs.readFileSync(path.join(project, "desired-state/config.schema.json"), "utf8"),
  );
  const table = readme.slice(readme.indexOf("## Settings"), readme.indexOf("## Codes"));
  for (const key of Object.keys(schema.properties)) assert.match(table, `\`${key}\``);
});

told("names only files that are there", () => {
  for (const [, place = ""] of readme.matchAll(/\]\((?!http)([^)#]+)\)/g)) {
    assert.ok(fs.existsSync(path.join(project, place)), place);
  }
});

told.run();

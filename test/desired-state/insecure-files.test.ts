import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadDesired } from "../../src/desired-state/load-desired.ts";
import { createHost } from "../../src/host/create-host.ts";
import { inDirectory, modules } from "./documents.ts";

const insecure = suite("findInsecureFiles");

const document = modules("name: a\nversion: 1");
const nobody = 65534;

/** Changing owners takes root; without it there is nothing to try here. */
function asRoot(title: string, run: (directory: string, file: string) => void): void {
  const test = () =>
    inDirectory({ "a.yaml": document }, (directory) => {
      fs.chmodSync(directory, 0o755);
      const file = path.join(directory, "a.yaml");
      fs.chmodSync(file, 0o644);
      run(directory, file);
    });
  if (process.getuid?.() === 0) return void insecure(title, test);
  process.stdout.write(`skipped: ${title} (needs root)\n`);
  insecure.skip(title, test);
}

function refusals(place: string, { uid = 0, allowInsecureFiles = false } = {}): readonly string[] {
  const { desired, diagnostics } = loadDesired(createHost({ machine: { uid } }), [place], { allowInsecureFiles });
  assert.is(desired === undefined, diagnostics.length > 0);
  assert.ok(diagnostics.every(({ code }) => code === "E_INSECURE_FILE"));
  return diagnostics.map(({ file, message, hint }) => `${path.basename(file)}: ${message} ${hint}`);
}

asRoot("takes what only root can write", (directory, file) => {
  assert.equal(refusals(directory), []);
  assert.equal(refusals(file), []);
});

asRoot("refuses a file of another user, and says how to mend it", (directory, file) => {
  fs.chownSync(file, nobody, 0);
  for (const place of [directory, file]) {
    const [refusal, ...others] = refusals(place);
    assert.equal(others, []);
    assert.match(refusal ?? "", `belongs to user ${nobody}`);
    assert.match(refusal ?? "", `chown root ${file}`);
    assert.match(refusal ?? "", "--allow-insecure-files");
  }
});

asRoot("refuses a file that everybody can write", (_, file) => {
  fs.chmodSync(file, 0o666);
  assert.match(refusals(file)[0] ?? "", `chmod go-w ${file}`);
});

asRoot("refuses a file that everybody can write, even if it is marked sticky", (_, file) => {
  fs.chmodSync(file, 0o1666);
  assert.is(refusals(file).length, 1);
});

asRoot("refuses a file that a group other than root's can write", (_, file) => {
  fs.chmodSync(file, 0o664);
  assert.equal(refusals(file), []);
  fs.chownSync(file, 0, nobody);
  fs.chmodSync(file, 0o664);
  assert.match(refusals(file)[0] ?? "", `group ${nobody}`);
});

asRoot("refuses a document in a directory that others can write, once for all its documents", (directory, file) => {
  fs.writeFileSync(path.join(directory, "b.yaml"), modules("name: b\nversion: 1"));
  fs.chmodSync(directory, 0o777);
  assert.match(refusals(file)[0] ?? "", `chmod go-w ${directory}`);
  assert.is(refusals(directory).length, 1);
});

asRoot("refuses a directory of another user, sticky or not", (directory, file) => {
  fs.chownSync(directory, nobody, 0);
  assert.match(refusals(file)[0] ?? "", `chown root ${directory}`);
  fs.chmodSync(directory, 0o1777);
  assert.match(refusals(file)[0] ?? "", `chown root ${directory}`);
});

asRoot("takes root's document in a sticky directory that everybody can write", (directory, file) => {
  fs.chmodSync(directory, 0o1777);
  assert.equal(refusals(file), []);
});

asRoot("refuses a link into a directory that others can write", (directory, file) => {
  const loose = path.join(directory, "loose");
  fs.mkdirSync(loose);
  fs.chmodSync(loose, 0o777);
  fs.renameSync(file, path.join(loose, "a"));
  fs.symlinkSync("loose/a", file);
  assert.match(refusals(file)[0] ?? "", `chmod go-w ${loose}`);
});

asRoot("follows every link on the way as the kernel does", (directory, file) => {
  const [one, two] = ["one", "two"].map((name) => path.join(directory, name));
  for (const made of [one, two]) fs.mkdirSync(made ?? "");
  fs.renameSync(file, path.join(two ?? "", "a.yaml"));
  fs.symlinkSync("../two", path.join(one ?? "", "link"));
  const place = path.join(one ?? "", "link/a.yaml");
  assert.equal(refusals(place), []);
  fs.chmodSync(one ?? "", 0o777);
  assert.match(
    refusals(place).join(),
    /^one: The directory can be written by everybody.* Put it where only root can write/,
  );
  fs.chmodSync(one ?? "", 0o1777);
  assert.equal(refusals(place), []);
  fs.lchownSync(path.join(one ?? "", "link"), nobody, 0);
  assert.match(
    refusals(place).join(),
    `link: The link belongs to user ${nobody}, not to root, so root must not follow`,
  );
});

asRoot("refuses a directory above the document's that another user can rename things in", (directory, file) => {
  const inner = path.join(directory, "inner");
  fs.mkdirSync(inner);
  fs.renameSync(file, path.join(inner, "a.yaml"));
  fs.chownSync(directory, nobody, 0);
  const [refusal, ...others] = refusals(path.join(inner, "a.yaml"));
  assert.match(refusal ?? "", `: The directory belongs to user ${nobody}`);
  assert.equal(others, []);
});

asRoot("a link to itself is left to the reading", (directory) => {
  fs.symlinkSync("loop.yaml", path.join(directory, "loop.yaml"));
  const { diagnostics } = loadDesired(createHost(), [path.join(directory, "loop.yaml")], { allowInsecureFiles: false });
  assert.equal(
    diagnostics.map(({ code }) => code),
    ["E_UNREADABLE"],
  );
});

asRoot("shows nothing of what is in a refused file", (directory, file) => {
  fs.writeFileSync(file, "secret: [");
  fs.chmodSync(directory, 0o777);
  const { diagnostics } = loadDesired(createHost(), [file], { allowInsecureFiles: false });
  assert.ok(diagnostics.length > 0);
  assert.ok(!JSON.stringify(diagnostics).includes("secret"));
});

asRoot("looks away when it is told to", (_, file) => {
  fs.chmodSync(file, 0o666);
  assert.equal(refusals(file, { allowInsecureFiles: true }), []);
});

asRoot("takes anything for a user who is not root", (_, file) => {
  fs.chmodSync(file, 0o666);
  assert.equal(refusals(file, { uid: 1000 }), []);
});

insecure.run();

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { scanActual } from "../../src/actual-state/scan-actual.ts";
import { signingAdvice } from "../../src/commands/signing-advice.ts";
import { signingPair } from "../../src/dkms/signing/choose-pair.ts";
import { generateKey } from "../../src/dkms/signing/generate-key.ts";
import { defaultSigning } from "../../src/dkms/signing/signing.ts";
import { writeSecureBoot, writeVariable } from "../rig/efi-variables.ts";
import { testNeeding } from "../rig/test-needing.ts";
import { dkmsTree } from "../rig/tree-builder.ts";

const advice = suite("signingAdvice");

testNeeding(
  advice,
  ["openssl"],
  "names the one command, once for all kernels, and only where Secure Boot is on",
  async () => {
    const tree = dkmsTree().kernel("6.1.0-1").kernel("6.1.0-2");
    try {
      const host = tree.host();
      const pair = await signingPair(host, { release: "6.1.0-1", arch: "x86_64" }, defaultSigning);
      assert.ok(pair.ok && (await generateKey(host, pair.value)).ok);
      const actual = await scanActual(host, { sources: [], prospects: () => [] });
      const told = () => signingAdvice(host, actual, defaultSigning);
      assert.equal(await told(), []);
      writeSecureBoot(tree, true);
      writeVariable(tree, "MokListRT", { vendor: "shim", content: new Uint8Array() });
      const [text, ...more] = await told();
      assert.equal(more, []);
      assert.match(text ?? "", `mokutil --import ${pair.value.certificate}`);
      assert.equal(await signingAdvice(host, actual, { policy: "off" }), []);
    } finally {
      tree.remove();
    }
  },
);

advice.run();

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readDer } from "../../src/dkms/der.ts";

const der = suite("readDer");

function elements(hex: string): string[] {
  return readDer(Buffer.from(hex, "hex")).map(
    ({ tag, content }) => `${tag.toString(16)}:${Buffer.from(content).toString("hex")}`,
  );
}

der("gives the elements that stand one behind the other", () => {
  assert.equal(elements("0201053003020101"), ["2:05", "30:020101"]);
  assert.equal(elements("0500"), ["5:"]);
  assert.equal(elements(""), []);
});

der("reads lengths of one to four bytes", () => {
  const lengthOf = (header: string, size: number) =>
    readDer(Buffer.concat([Buffer.from(header, "hex"), Buffer.alloc(size)])).map(({ content }) => content.length);
  assert.equal(lengthOf("0481c8", 200), [200]);
  assert.equal(lengthOf("04820275", 629), [629]);
  assert.equal(lengthOf("0483010001", 65_537), [65_537]);
  assert.equal(lengthOf("0484000000c8", 200), [200]);
});

der("ends where an element reaches beyond the end", () => {
  assert.equal(elements("020105020201"), ["2:05"]);
  assert.equal(elements("02010502"), ["2:05"]);
  assert.equal(elements("0482"), []);
  assert.equal(elements("04820001"), []);
});

der("ends at what DER does not allow: indefinite and huge lengths, long tags", () => {
  assert.equal(elements("020105308000000000"), ["2:05"]);
  assert.equal(elements("0485000000000100"), []);
  assert.equal(elements("1f010100"), []);
});

der("ends after 64 elements, however many a hostile file has", () => {
  assert.is(readDer(Buffer.alloc(100_000)).length, 64);
});

der.run();

import fs from "node:fs";

/** Whether a file is an rpm package, by its content and not by its name. Throws what the file system throws. */
export function isRpm(file: string): boolean {
  const descriptor = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  try {
    const lead = Buffer.alloc(4);
    return fs.fstatSync(descriptor).isFile() && fs.readSync(descriptor, lead) === 4 && lead.equals(magic);
  } finally {
    fs.closeSync(descriptor);
  }
}

const magic = Buffer.from("edabeedb", "hex");

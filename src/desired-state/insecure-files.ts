import { findInsecurePlaces } from "../dkms/insecure-places.ts";
import type { Host } from "../host/host.ts";
import { faultOf, type PlacedFault } from "./placed-fault.ts";

/** One fault for each place that {@link findInsecurePlaces} finds for the files: root must not obey what others can write. */
export function findInsecureFiles(
  host: Pick<Host, "files" | "machine">,
  files: readonly string[],
): readonly PlacedFault[] {
  return findInsecurePlaces(host, files).map(({ path, kind, reason, remedy }) =>
    faultOf(path, {
      code: "E_INSECURE_FILE",
      message: `The ${kind} ${reason}, so root must not follow what ${what[kind]}.`,
      hint: `${remedy.replace(/^./, (first) => first.toUpperCase())}, or give --allow-insecure-files if you trust whoever can write there.`,
    }),
  );
}

const what = { file: "it says", directory: "is in it", link: "it leads to" };
